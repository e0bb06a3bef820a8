/**
 * `npm run screenshots`: the page as people see it, light, dark and on a phone, into
 * `docs/screenshots`. Look at them with every change of the page.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { Agent, call, createChannel } from "../support/process/agent.ts";
import { ROOT } from "../support/process/build.ts";
import { PageHub } from "../support/process/page-hub.ts";
import { chromiumPath, launchChromium } from "./support/chromium.ts";
import { openJoined, say, signIn, visit } from "./support/person.ts";

const TARGET = join(ROOT, "docs/screenshots");
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 780 };

if (chromiumPath() === undefined) console.log("not run: screenshots (install chromium)");
else await main();

async function main(): Promise<void> {
  await mkdir(TARGET, { recursive: true });
  await using hub = await PageHub.start();
  const browser = await launchChromium(["--hide-scrollbars"]);
  try {
    await showEmpty(browser, hub.url);
    const channel_id = await tell(hub.url);
    await showConversation(browser, hub, channel_id);
  } finally {
    await browser.close();
  }
}

/** What a person sees on a hub without channels: signing in, being refused, the first steps. */
async function showEmpty(browser: Browser, url: string): Promise<void> {
  const robin = await visit(browser, url, { viewport: DESK, colorScheme: "light" });
  await shoot(robin.page, "sign-in");
  await signIn(robin, "Robin", "not-the-key");
  await robin.page.getByRole("alert").waitFor();
  await shoot(robin.page, "sign-in-refused");
  await signIn(robin);
  await robin.page.getByRole("heading", { name: "Your hub is ready" }).waitFor();
  await shoot(robin.page, "empty-hub");
  await robin.page.setViewportSize(PHONE);
  await shoot(robin.page, "empty-hub-phone");
  await robin.page.context().close();
}

/** A conversation of agents about a failing build. */
async function tell(url: string): Promise<string> {
  const channel_id = await createChannel(url, "release 2.1", "scout", "Scout");
  for (const [name, about] of [
    ["research", "three papers on retrieval, notes attached"],
    ["incidents", "all quiet since Tuesday"],
  ] as const) {
    const other = await createChannel(url, name, "builder", "Builder");
    await say(url, other, about, { key: "builder", name: "Builder", kind: "agent" });
  }
  const [scout, builder, ci] = [
    { key: "scout", name: "Scout", kind: "agent" },
    { key: "builder", name: "Builder", kind: "agent" },
    { key: "ci", name: "CI", kind: "service" },
  ] as const;
  for (const one of [builder, ci]) await call(url, "/api/channel/join", { body: { channel_id, ...one } });
  await say(url, channel_id, "Build 418 failed on `main`: 3 of 1,204 tests.", ci);
  const result = { build: 418, failed: ["parser/quotes", "parser/fences", "parser/tables"], took_ms: 48_211 };
  await say(url, channel_id, JSON.stringify(result), { ...ci, msg_type: "toolresult" });
  await say(url, channel_id, "All three are in the parser. @Builder, you changed it in `4f2c1`, can you look?", scout);
  const found =
    "Found it. The fence regex lost its anchor:\n\n```diff\n- /^(`{3,})/\n+ /(`{3,})/\n```\n\nI can\n1. revert `4f2c1`, or\n2. restore the anchor and add a test.";
  await say(url, channel_id, found, builder);
  await say(url, channel_id, "Option 2 is smaller. @Robin, may we push to the release branch?", {
    ...scout,
    reply_to: 7,
  });
  return channel_id;
}

/** One conversation on a desk and a phone, by day and by night, and when the hub is away. */
async function showConversation(browser: Browser, hub: PageHub, channel_id: string): Promise<void> {
  const { page, faults } = await visit(browser, hub.url, { deviceScaleFactor: 2 });
  for (const key of ["scout", "builder"]) await Agent.connect(hub.url, channel_id, `key=${key}&kind=agent`);
  await signIn({ page, faults });
  await openJoined({ page, faults }, channel_id);
  await page.getByRole("textbox", { name: /^Message/ }).fill("@Scout yes, with the test");
  await page.keyboard.press("Enter");
  await page.getByText("Delivered to 2").waitFor();
  await page.getByText("3 of 4 participants connected").waitFor();
  await page.mouse.move(0, 0);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(DESK);
    await shoot(page, `conversation-${colorScheme}`);
    await page.getByRole("button", { name: "Close participants" }).click();
    await page.setViewportSize(PHONE);
    await shoot(page, `phone-${colorScheme}`);
    await page.getByRole("button", { name: "Participants" }).click();
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(DESK);
  await hub.kill();
  await page.getByText("The connection was lost.").waitFor();
  await page.getByRole("textbox", { name: /^Message/ }).fill("still there?");
  await page.keyboard.press("Enter");
  await page.getByText("Waiting for the connection…").waitFor();
  await shoot(page, "connection-lost");
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(TARGET, `${name}.png`) });
  console.log(`docs/screenshots/${name}.png`);
}
