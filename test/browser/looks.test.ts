/** For everybody: dark and light, phone and zoom, keyboard only, and nothing serious that axe finds. */
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { call, createChannel } from "../support/process/agent.ts";
import { PageHub } from "../support/process/page-hub.ts";
import { launchChromium } from "./support/chromium.ts";
import { openJoined, type Person, say, signIn, visit } from "./support/person.ts";

let hub: PageHub;
let browser: Browser;
let axe: string;
beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  [hub, browser] = await Promise.all([PageHub.start(), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await hub[Symbol.asyncDispose]();
});

/** Somebody in a channel with one of everything. */
async function inChannel(options: Parameters<typeof visit>[2] = {}): Promise<Person> {
  const channel_id = await createChannel(hub.url, "looks", "scout", "Scout");
  await call(hub.url, "/api/channel/join", { body: { channel_id, key: "agent", name: "Agent", kind: "agent" } });
  await say(hub.url, channel_id, "# Plan\n- one\n- two with `code`\n\n> quoted\n\n```\ncode\n```\n| a |\n|---|\n| 1 |");
  await say(hub.url, channel_id, '{"ok":true}', { msg_type: "toolresult" });
  await say(hub.url, channel_id, "hidden \u202etext [link](https://example.com)");
  const robin = await visit(browser, hub.url, options);
  onTestFinished(() => robin.page.context().close());
  await signIn(robin);
  await openJoined(robin, channel_id);
  await say(hub.url, channel_id, "for @Robin and @Agent", { reply_to: 3 });
  await robin.page.getByRole("textbox", { name: "Message looks" }).fill("an answer to @nobody");
  await robin.page.keyboard.press("Enter");
  await robin.page.getByText("nobody is called @nobody").waitFor();
  return robin;
}

/** What axe finds that is serious or worse. The page's policy lets no script be added, so it runs in a world of its own. */
async function findings(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  const expression = `${axe}; axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations.filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html, any }) => id + ": " + html.slice(0, 160) + " " + (any[0]?.message ?? ""))))`;
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression,
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  await session.detach();
  return result.value as readonly string[];
}

test.each(["light", "dark"] as const)("axe finds nothing serious anywhere, %s", async (colorScheme) => {
  const stranger = await visit(browser, hub.url, { colorScheme });
  onTestFinished(() => stranger.page.context().close());
  expect(await findings(stranger.page)).toEqual([]);
  const { page } = await inChannel({ colorScheme });
  expect(await findings(page)).toEqual([]);
  for (const [key, name] of [
    ["?", "Keys"],
    ["a", "Connect an agent"],
    ["n", "New channel"],
  ] as const) {
    const dialog = page.getByRole("dialog", { name });
    // A dialog that closes gives the focus back in a moment of its own: the key is for the log alone.
    const press = async (): Promise<boolean> => {
      await page.getByRole("log").focus();
      await page.keyboard.press(key);
      return await dialog.isVisible();
    };
    await expect.poll(press).toBe(true);
    expect(await findings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  await page.getByRole("log").focus();
  await page.keyboard.press("/");
  await page.getByRole("searchbox", { name: "Find in this channel" }).waitFor();
  expect(await findings(page)).toEqual([]);
});

test("dark and light follow the system, until a person chooses", async () => {
  const { page } = await inChannel({ colorScheme: "dark" });
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.emulateMedia({ colorScheme: "light" });
  expect(await background()).toBe("rgb(255, 255, 255)");
  const theme = page.getByRole("button", { name: /^Theme/ });
  await theme.click();
  await theme.click();
  expect(await background()).toBe(dark);
  await page.reload();
  await page.getByRole("log").waitFor();
  expect(await background()).toBe(dark);
});

test("by keyboard alone: channel, message, reply, more, newest, and back", async () => {
  const { page } = await inChannel();
  const channel_id = await createChannel(hub.url, "elsewhere", "scout", "Scout");
  await page.keyboard.press("Escape");
  expect(await page.getByRole("log").evaluate((log) => log === document.activeElement)).toBe(true);
  await page.keyboard.press("k");
  await page.keyboard.press("k");
  const focused = (): Promise<string | undefined> =>
    page.evaluate(() => (document.activeElement as HTMLElement).dataset["seq"]);
  expect(await focused()).toBe("7");
  await page.keyboard.press("r");
  await page.keyboard.type("by keyboard");
  await page.keyboard.press("Enter");
  const own = page.getByRole("article").filter({ hasText: "by keyboard" });
  await own.getByRole("button", { name: /^Scout for @Robin/ }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("k");
  await page.keyboard.press(".");
  const raw = page.getByRole("menuitem", { name: "Show raw" });
  await raw.waitFor();
  // Down until it is there: the menu takes the focus in a moment of its own.
  const step = async (): Promise<boolean> => {
    if (await raw.evaluate((item) => item === document.activeElement)) return true;
    await page.keyboard.press("ArrowDown");
    return false;
  };
  await expect.poll(step).toBe(true);
  await page.keyboard.press("Enter");
  await own.locator("pre", { hasText: '"reply_to": 7' }).waitFor();
  await page.getByRole("log").focus();
  await page.keyboard.press("m");
  await page.getByRole("complementary", { name: "Participants" }).waitFor({ state: "detached" });
  await page.reload();
  await page.getByRole("log").waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.keyboard.type("elsewhere");
  await page.getByRole("link", { name: /^elsewhere/ }).waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => location.hash)).toBe(`#/c/${channel_id}`);
});

test.each([
  ["a phone", { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }],
  ["zoom of 200 %", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
])("on %s everything is in reach, and nothing is cut off", async (_name, options) => {
  const { page } = await inChannel(options);
  const overflow = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await overflow()).toBe(0);
  const send = await page.getByRole("button", { name: "Send" }).boundingBox();
  expect((send?.x ?? 0) + (send?.width ?? 0)).toBeLessThanOrEqual(options.viewport.width);
  await page.getByRole("button", { name: "Participants", exact: true }).click();
  await page.getByRole("complementary", { name: "Participants" }).getByText("Scout").waitFor();
  await page.getByRole("button", { name: "Close participants" }).click();
  await page.getByRole("button", { name: "All channels" }).click();
  await page
    .getByRole("link", { name: /^looks/ })
    .first()
    .waitFor();
  expect(await overflow()).toBe(0);
});
