/** Whatever agents write, the page shows it and nothing else happens (T11). */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Agent, call, createChannel } from "../support/process/agent.ts";
import { PageHub } from "../support/process/page-hub.ts";
import { launchChromium } from "./support/chromium.ts";
import { HOSTILE_TEXTS } from "./support/hostile-texts.ts";
import { openJoined, type Person, signIn, visit } from "./support/person.ts";

let hub: PageHub;
let browser: Browser;
beforeAll(async () => {
  [hub, browser] = await Promise.all([PageHub.start({ HUB_RATE_BURST: "5000" }), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await hub[Symbol.asyncDispose]();
});

/** Elements a message's text may become, each with its attributes. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  a: ["href", "title", "rel", "target"],
  ol: ["start"],
  p: ["class"],
  span: ["class"],
  // Around a block of code, by the page.
  div: ["class"],
  button: ["type", "class"],
  pre: ["tabindex"],
  ...Object.fromEntries(
    "br strong em del code blockquote ul li hr table thead tbody tr th td".split(" ").map((tag) => [tag, []]),
  ),
};

async function read(texts: readonly string[], more: { name?: string; msg_type?: string } = {}): Promise<Person> {
  const channel_id = await createChannel(hub.url, "hostile", "scout", "Scout");
  const agent = await Agent.connect(hub.url, channel_id, "key=scout&kind=service");
  for (const text of texts) agent.socket.send(JSON.stringify({ action: "send", text, ...more }));
  const robin = await visit(browser, hub.url);
  onTestFinished(async () => {
    agent.socket.terminate();
    await robin.page.context().close();
  });
  await signIn(robin);
  await openJoined(robin, channel_id);
  const { body } = await call(hub.url, `/api/channel/${channel_id}/history?limit=1`);
  await robin.page.locator(`[data-seq="${body.messages[0].seq}"]`).waitFor({ state: "attached" });
  await robin.page.getByRole("button", { name: "Find in this channel" }).click();
  await robin.page.getByLabel("Sender").selectOption({ label: more.name ?? "Scout" });
  await robin.page.getByText(`${texts.length} messages found`).waitFor({ state: "attached" });
  return robin;
}

test("[T11] two hundred hostile texts make no element, attribute, link or script beyond the allowed", async () => {
  expect(HOSTILE_TEXTS.length).toBe(200);
  const { page, faults } = await read(HOSTILE_TEXTS);
  const requests: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  const found = await page.evaluate((allowed) => {
    const wrong: string[] = [];
    for (const element of document.querySelectorAll(".timeline .text *")) {
      const attributes = allowed[element.localName];
      if (attributes === undefined) wrong.push(`<${element.localName}>`);
      for (const { name, value } of element.attributes) {
        if (attributes?.includes(name) !== true) wrong.push(`${element.localName} ${name}=${value}`);
        if (name === "href" && !/^(https?:\/\/|mailto:)/i.test(value)) wrong.push(`href ${value}`);
        if (name === "class" && !/^(mention|mention mine|heading|code|copy-code)$/.test(value))
          wrong.push(`class ${value}`);
      }
      if (element instanceof HTMLAnchorElement && element.rel !== "noopener noreferrer nofollow") wrong.push("rel");
    }
    return wrong;
  }, ALLOWED);
  expect(found).toEqual([]);
  expect(await page.locator("iframe, script:not([src]), img, style, object, embed, base").count()).toBe(0);
  expect(await page.title()).not.toContain("pwned");
  expect(faults).toEqual({ errors: [], violations: [] });
  expect(requests.filter((url) => !url.startsWith(hub.url))).toEqual([]);
});

test("the layout holds: nothing hostile reaches out of its message or widens the page", async () => {
  const { page } = await read(HOSTILE_TEXTS);
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 });
    const widths = await page.evaluate(() => {
      const timeline = document.querySelector(".timeline");
      const texts = [...document.querySelectorAll(".message .body")];
      const wider = texts
        .filter((one) => one.scrollWidth > one.clientWidth + 1)
        .map((one) => one.textContent?.slice(0, 40));
      return {
        page: document.documentElement.scrollWidth - innerWidth,
        timeline: (timeline?.scrollWidth ?? 0) - (timeline?.clientWidth ?? 0),
        wider,
      };
    });
    expect(widths).toEqual({ page: 0, timeline: 0, wider: [] });
  }
});

test("[T11] hostile names, and the same texts as tool results and raw, are text as well", async () => {
  const { page, faults } = await read(HOSTILE_TEXTS, { msg_type: "toolresult", name: `<b onclick=x>"'&amp;</b>` });
  for (const fold of await page.locator(".fold").all()) await fold.dispatchEvent("click");
  expect(await page.locator(".tool-result pre").count()).toBe(HOSTILE_TEXTS.length);
  expect(await page.locator(".tool-result pre *").count()).toBe(0);
  expect(await page.locator(".name").first().textContent()).toBe(`"<b onclick=x>\\"'&amp;</b>"`);
  expect(await page.title()).not.toContain("pwned");
  expect(faults).toEqual({ errors: [], violations: [] });
});

test("[T12] what a person cannot see is written out where it stands, and announced", async () => {
  const { page } = await read(["pay \u202eyad ot\u202c now", "plain"]);
  await page.getByText("pay \\u{202e}yad ot\\u{202c} now").waitFor();
  await page.getByText("2 hidden characters written out").waitFor();
});

test("Markdown is what it looks like", async () => {
  const text = [
    "# Title",
    "one **two** _three_ ~~four~~ `five` & <six>",
    "",
    "1. first",
    "2. second",
    "   - nested",
    "",
    "- [x] done",
    "- [ ] open",
    "",
    "> quote",
    "",
    "| a | b |",
    "|---|---|",
    "| 1 | 2 |",
    "",
    "```js",
    "const x = '<b>';",
    "```",
    "",
    "[link](https://example.com/a?b=c&d=e) https://example.com/auto <me@example.com>",
  ].join("\n");
  const { page } = await read([text, "second"]);
  const shown = page.locator(".text").first();
  expect(await shown.locator("p").nth(1).textContent()).toBe("one two three four five & <six>");
  expect(await shown.locator("ol > li").count()).toBe(2);
  expect(await shown.locator("ol ul > li").textContent()).toBe("nested");
  expect(await shown.locator("td").allTextContents()).toEqual(["1", "2"]);
  expect(await shown.locator("pre code").textContent()).toBe("const x = '<b>';");
  expect(await shown.locator("a").evaluateAll((links) => links.map((link) => link.getAttribute("href")))).toEqual([
    "https://example.com/a?b=c&d=e",
    "https://example.com/auto",
    "mailto:me@example.com",
  ]);
  expect(await shown.textContent()).toContain("☑ done");
});
