/** A person and agents in a conversation, from an empty hub on. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Agent, call, createChannel } from "../support/process/agent.ts";
import { HUB_KEY } from "../support/process/hub-process.ts";
import { PageHub } from "../support/process/page-hub.ts";
import { launchChromium } from "./support/chromium.ts";
import { openJoined, type Person, say, shownNumbers, signIn, visit } from "./support/person.ts";

let hub: PageHub;
let browser: Browser;
beforeAll(async () => {
  [hub, browser] = await Promise.all([PageHub.start({ HUB_RATE_BURST: "5000" }), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await hub[Symbol.asyncDispose]();
});

async function newPerson(path = "/", options: Parameters<typeof visit>[2] = {}): Promise<Person> {
  const person = await visit(browser, hub.url + path, options);
  onTestFinished(async () => {
    await person.page.context().close();
    expect(person.faults).toEqual({ errors: [], violations: [] });
  });
  return person;
}

test("from an empty hub to a conversation of a person with two agents", async () => {
  const robin = await newPerson();
  const { page } = robin;
  await signIn(robin, "Robin", "not-the-key");
  await page.getByText("This hub does not take that key.").waitFor();
  await signIn(robin);
  await page.getByRole("heading", { name: "Your hub is ready" }).waitFor();
  expect(await page.evaluate(() => [location.href.includes("test-key"), localStorage.length > 0])).toEqual([
    false,
    true,
  ]);
  await page.getByRole("button", { name: "New channel" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("release 2.1");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Bring an agent in" }).waitFor();
  const channel_id = await page.evaluate(() => location.hash.slice("#/c/".length));

  await page.getByRole("tab", { name: "curl" }).click();
  const lines = (await page.locator(".onboarding pre").first().textContent()) ?? "";
  for (const line of lines.split("\n")) expect(await run(line)).toContain('"ok":true');
  await page
    .getByRole("article", { name: /^Scout/ })
    .getByText("hello")
    .waitFor();
  expect(await page.getByRole("heading", { name: "Bring an agent in" }).count()).toBe(0);

  await call(hub.url, "/api/channel/join", { body: { channel_id, key: "builder", name: "Builder", kind: "agent" } });
  await say(hub.url, channel_id, "@Robin shall I **revert**?", { key: "builder", name: "Builder", kind: "agent" });
  const asked = page.getByRole("article", { name: /^Builder/ });
  await asked.locator("strong", { hasText: "revert" }).waitFor();
  expect(await asked.locator(".mention.mine").textContent()).toBe("@Robin");

  await asked.hover();
  await asked.getByRole("button", { name: "Reply" }).click();
  const field = page.getByRole("textbox", { name: "Message release 2.1" });
  await field.pressSequentially("yes, @Buil");
  await page.getByRole("option", { name: /Builder/ }).waitFor();
  await page.keyboard.press("Tab");
  await field.pressSequentially("and tell @nobody");
  await page.keyboard.press("Shift+Enter");
  await field.pressSequentially("thanks");
  await page.keyboard.press("Enter");
  const own = page.getByRole("article", { name: /^Robin/ });
  await own.getByText("nobody is called @nobody").waitFor();
  const history = await call(hub.url, `/api/channel/${channel_id}/history`);
  const last = history.body.messages.at(-1);
  expect(last).toMatchObject({
    text: "yes, @Builder and tell @nobody\nthanks",
    mentions: ["builder"],
    msg_type: "text",
  });
  expect(last.reply_to).toBe(history.body.messages.find(({ from }: { from: string }) => from === "builder").seq);
  await own.getByRole("button", { name: /Builder @Robin shall I/ }).click();
  await page.locator("article.flash", { hasText: "revert" }).waitFor();
});

/** Runs a line as a person would paste it into a shell. */
async function run(line: string): Promise<string> {
  const { execFile } = await import("node:child_process");
  return await new Promise((resolve, reject) =>
    execFile("sh", ["-c", line], { env: { ...process.env, CHANNEL_HUB_KEY: HUB_KEY } }, (error, output) =>
      error ? reject(error) : resolve(output),
    ),
  );
}

test("a thousand messages load as the reader scrolls back, each once; the pill leads to the newest", async () => {
  const channel_id = await createChannel(hub.url, "long", "scout", "Scout");
  const agent = await Agent.connect(hub.url, channel_id, "key=scout&kind=service");
  onTestFinished(() => agent.socket.terminate());
  for (let n = 1; n <= 1000; n++) agent.socket.send(JSON.stringify({ action: "send", text: `message ${n}` }));
  const robin = await newPerson();
  const { page } = robin;
  await signIn(robin);
  await openJoined(robin, channel_id);
  const timeline = page.getByRole("log");
  await timeline.getByText("message 1000", { exact: true }).waitFor();
  await timeline.hover();
  // A thousand are retained; the reader's own join and the creation take two numbers.
  for (let count = 0; count < 1000; count = (await shownNumbers(robin)).length) {
    await page.mouse.wheel(0, -4000);
    await page.waitForTimeout(20);
  }
  const numbers = await shownNumbers(robin);
  expect(numbers).toEqual(Array.from({ length: 1000 }, (_, at) => at + 3));
  await page.getByText("Older messages are gone").waitFor({ state: "attached" });
  await say(hub.url, channel_id, "while away");
  await page.getByRole("button", { name: "1 new" }).click();
  const away = timeline.getByText("while away");
  await away.waitFor();
  expect(await away.evaluate(isInView)).toBe(true);

  await page.evaluate((id) => void (location.hash = `#/c/${id}/500`), channel_id);
  await page.locator('article.flash[data-seq="500"]').waitFor();
  expect(await page.locator('[data-seq="500"]').evaluate(isInView)).toBe(true);
});

function isInView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

test("unread messages and mentions show beside their channel, and are read where they are looked at", async () => {
  const quiet = await createChannel(hub.url, "quiet", "scout", "Scout");
  const busy = await createChannel(hub.url, "busy", "scout", "Scout");
  const robin = await newPerson();
  const { page } = robin;
  await signIn(robin);
  await openJoined(robin, busy);
  await openJoined(robin, quiet);
  await say(hub.url, busy, "one");
  await say(hub.url, busy, "two, @Robin");
  const item = page.getByRole("link", { name: /^busy/ });
  await item.getByLabel("2 unread, 1 mention of you").waitFor();
  await expect.poll(() => page.title()).toBe("(@2) quiet · Channel Hub");
  await item.click();
  await page.getByRole("separator", { name: "New messages" }).waitFor();
  await expect.poll(() => item.getByLabel(/unread/).count()).toBe(0);
  const me = async (): Promise<unknown> => {
    const { body } = await call(hub.url, `/api/channel/${busy}`);
    return body.participants.find(({ name }: { name: string }) => name === "Robin").unread;
  };
  await expect.poll(me).toBe(0);
});

test("a tool result is one line with its size, and opens as JSON laid out", async () => {
  const channel_id = await createChannel(hub.url, "tools", "scout", "Scout");
  const robin = await newPerson();
  const { page } = robin;
  await signIn(robin);
  await openJoined(robin, channel_id);
  await say(hub.url, channel_id, JSON.stringify({ tests: [{ ok: true }] }), { msg_type: "toolresult" });
  const fold = page.getByRole("button", { name: /^Tool result .*23 B$/ });
  await fold.click();
  expect(await page.locator(".tool-result pre").textContent()).toBe(
    '{\n  "tests": [\n    {\n      "ok": true\n    }\n  ]\n}',
  );
});

test("find shows what holds the words, of one sender and type; export has what is loaded", async () => {
  const channel_id = await createChannel(hub.url, "find", "scout", "Scout");
  await call(hub.url, "/api/channel/join", { body: { channel_id, key: "other", name: "Other" } });
  for (let n = 0; n < 120; n++) await say(hub.url, channel_id, `line ${n}${n % 40 === 0 ? " needle" : ""}`);
  await say(hub.url, channel_id, "needle too", { key: "other", name: "Other" });
  const robin = await newPerson();
  const { page } = robin;
  await signIn(robin);
  await openJoined(robin, channel_id);
  await page.getByRole("button", { name: "Find in this channel" }).click();
  await page.getByRole("searchbox", { name: "Find in this channel" }).fill("NEEDLE");
  await page.getByText("4 messages found").waitFor();
  await page.getByLabel("Sender").selectOption({ label: "Other" });
  await page.getByText("1 message found").waitFor();
  await page.keyboard.press("Escape");
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export what is loaded as JSONL" }).click(),
  ]);
  const { readFile } = await import("node:fs/promises");
  const lines = (await readFile(await file.path(), "utf8")).trimEnd().split("\n");
  const { body } = await call(hub.url, `/api/channel/${channel_id}/history?limit=1000`);
  expect(lines.map((line) => JSON.parse(line))).toEqual(body.messages);
});

test("[SOC9] a watch-only link shows the channel, live and back to its start, to one without a key", async () => {
  const channel_id = await createChannel(hub.url, "shown", "scout", "Scout");
  for (let n = 1; n <= 200; n++) await say(hub.url, channel_id, `shown ${n}`);
  const robin = await newPerson("/", { permissions: ["clipboard-read", "clipboard-write"] });
  await signIn(robin);
  await openJoined(robin, channel_id);
  await robin.page.getByRole("button", { name: "Copy a watch-only link" }).click();
  await robin.page.getByText("Watch-only link, good for a day, copied").waitFor();
  const link = await robin.page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain(`/#/watch/${channel_id}?ticket=`);
  expect(link).not.toContain(HUB_KEY);

  const guest = await newPerson(link.slice(hub.url.length));
  const { page } = guest;
  await page.getByText("shown 200", { exact: true }).waitFor();
  await page.getByRole("heading", { name: "shown" }).waitFor();
  expect(await page.getByRole("textbox").count()).toBe(0);
  await page.getByRole("log").hover();
  for (let first = 2; first > 1; first = (await shownNumbers(guest))[0] ?? 2) {
    await page.mouse.wheel(0, -4000);
    await page.waitForTimeout(20);
  }
  await say(hub.url, channel_id, "live for guests");
  await page.getByRole("log").getByText("live for guests").waitFor({ state: "attached" });
  const { body } = await call(hub.url, `/api/channel/${channel_id}`);
  expect(body.participant_count).toBe(2);

  const late = await newPerson(`/#/watch/${channel_id}?ticket=no-ticket`);
  await late.page.getByText("This link is wrong, or its time has passed").waitFor();
});

test("[GRD2] an admin removes somebody, pauses and resumes; whoever is removed sees it", async () => {
  const channel_id = await createChannel(hub.url, "order", "scout", "Scout");
  const robin = await newPerson();
  const sam = await newPerson();
  await signIn(robin);
  await openJoined(robin, channel_id);
  await signIn(sam, "Sam");
  await openJoined(sam, channel_id);
  const { page } = robin;
  await page.getByRole("button", { name: "Pause channel" }).click();
  await sam.page.getByText("This channel is paused").waitFor();
  await page.getByRole("button", { name: "Resume channel" }).click();
  await sam.page.getByText("This channel is paused").waitFor({ state: "detached" });
  const row = page
    .getByRole("complementary", { name: "Participants" })
    .getByRole("listitem")
    .filter({ hasText: "Sam" });
  await row.hover();
  await row.getByRole("button", { name: "Remove" }).click();
  await row.getByRole("button", { name: "For an hour?" }).click();
  await sam.page.getByText("You were removed from this channel.").waitFor();
  await expect.poll(() => row.count()).toBe(0);
});

test("[IDN1] a person's messages are verified: the key is made in the browser, stays there, and cannot be taken out", async () => {
  const channel_id = await createChannel(hub.url, "proven", "scout", "Scout");
  const robin = await newPerson();
  const { page } = robin;
  await signIn(robin);
  await openJoined(robin, channel_id);
  const send = async (text: string): Promise<void> => {
    await page.getByRole("textbox", { name: "Message proven" }).fill(text);
    await page.keyboard.press("Enter");
    await page
      .getByRole("article", { name: /^Robin/ })
      .getByText(text)
      .waitFor();
  };
  await send("it is me");
  await page
    .getByRole("article", { name: /^Robin/ })
    .getByRole("img", { name: "verified" })
    .waitFor();
  await page.reload();
  await send("and still");
  const { body } = await call(hub.url, `/api/channel/${channel_id}/history`);
  const own = body.messages.filter(({ from_name }: { from_name: string }) => from_name === "Robin");
  expect(own.map(({ text, verified }: { text: string; verified: boolean }) => [text, verified])).toEqual([
    ["it is me", true],
    ["and still", true],
  ]);
  expect(new Set(own.map(({ from }: { from: string }) => from)).size).toBe(1);
  expect(own[0].from).toMatch(/^[0-9a-f]{64}$/);
  const taken = await page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open("channel-hub");
      request.addEventListener("success", () => resolve(request.result));
    });
    const identity = await new Promise<{ signing_key: CryptoKey }>((resolve) => {
      const request = database.transaction("identity").objectStore("identity").get(0);
      request.addEventListener("success", () => resolve(request.result));
    });
    return await crypto.subtle.exportKey("jwk", identity.signing_key).then(
      () => "exported",
      (error: DOMException) => error.name,
    );
  });
  expect(taken).toBe("InvalidAccessError");
});
