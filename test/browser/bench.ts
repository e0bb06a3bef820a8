/**
 * `npm run bench:page`: what the page costs in a real browser. Prints bundle sizes, first paint,
 * and, while 50 messages a second come in with 1,000 on the page, the longest gap between two
 * frames, how late a key shows, and memory; each beside an empty page in the same browser.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { Agent, createChannel } from "../support/process/agent.ts";
import { ROOT } from "../support/process/build.ts";
import { PageHub } from "../support/process/page-hub.ts";
import { chromiumPath, launchChromium } from "./support/chromium.ts";
import { openJoined, type Person, signIn, visit } from "./support/person.ts";

const SECONDS = 20;
const PER_SECOND = 50;
const LOADED = 1000;
const WARM_UP_MS = 2000;

interface Figures {
  readonly longest_gap_ms: number;
  readonly p99_gap_ms: number;
  readonly latest_key_ms: number;
  readonly heap_mb: number;
}

if (chromiumPath() === undefined) console.log("not run: page benchmark (install chromium)");
else await main();

async function main(): Promise<void> {
  console.log(execFileSync(process.execPath, [join(ROOT, "scripts/build-console.ts")], { encoding: "utf8" }).trim());
  await using hub = await PageHub.start({ HUB_RATE_BURST: "5000", HUB_RATE_PER_SECOND: "100" });
  const browser = await launchChromium();
  try {
    await measureAll(browser, hub.url);
  } finally {
    await browser.close();
  }
}

async function measureAll(browser: Browser, url: string): Promise<void> {
  const channel_id = await createChannel(url, "bench", "scout", "Scout");
  const agent = await Agent.connect(url, channel_id, "key=scout&kind=service");
  for (let n = 0; n < LOADED; n++) agent.socket.send(JSON.stringify({ action: "send", text: textOf(n) }));
  while ((await agent.next()).data.text !== textOf(LOADED - 1));
  const robin = await visit(browser, url);
  console.log(`first paint: ${await firstPaint(robin.page)} ms; empty page: ${await emptyPaint(browser)} ms`);
  await openWhole(robin, channel_id);
  const count = await robin.page.locator("[data-seq]").count();
  const page = await measure(robin.page, agent, "#composer");
  const empty = await (await browser.newContext()).newPage();
  await empty.setContent("<!doctype html><textarea id=field></textarea>");
  const beside = await measure(empty, agent, "#field");
  console.log(
    `${PER_SECOND} messages a second for ${SECONDS} s with ${count} on the page; beside it an empty page under the same load:`,
  );
  console.table({ page, empty: beside });
  agent.socket.terminate();
}

/** A text as agents write: some Markdown, now and then code. */
function textOf(n: number): string {
  const code = n % 10 === 0 ? "\n\n```ts\nconst answer = 42;\n```" : "";
  return `Step **${n}** done, see \`src/file-${n % 7}.ts\` and [the log](https://example.com/${n}).${code}`;
}

async function openWhole(robin: Person, channel_id: string): Promise<void> {
  const { page } = robin;
  await signIn(robin);
  await openJoined(robin, channel_id);
  await page.evaluate((id) => void (location.hash = `#/c/${id}/10`), channel_id);
  await page.locator('article[data-seq="10"]').waitFor();
  await page.locator(".pill").click();
}

async function measure(page: Page, agent: Agent, field: string): Promise<Figures> {
  await page.bringToFront();
  await sleep(WARM_UP_MS);
  await page.evaluate(record, field);
  const typing = page.locator(field).pressSequentially("x".repeat(SECONDS * 5), { delay: 200 });
  const started = performance.now();
  for (let n = 0; n < SECONDS * PER_SECOND; n++) {
    agent.socket.send(JSON.stringify({ action: "send", text: textOf(n) }));
    await sleep(Math.max(0, started + ((n + 1) * 1000) / PER_SECOND - performance.now()));
  }
  await typing;
  const { gaps, keys } = await page.evaluate(() => (globalThis as unknown as Recorded).recorded);
  const sorted = gaps.toSorted((a, b) => b - a);
  return {
    longest_gap_ms: Math.round(sorted[0] ?? 0),
    p99_gap_ms: Math.round(sorted[Math.floor(sorted.length / 100)] ?? 0),
    latest_key_ms: Math.round(Math.max(...keys)),
    heap_mb: await heapOf(page),
  };
}

interface Recorded {
  recorded: { gaps: number[]; keys: number[] };
}

/** In the page: notes every gap between frames, and how long after a key its letter was painted. */
function record(field: string): void {
  const recorded: Recorded["recorded"] = { gaps: [], keys: [] };
  (globalThis as unknown as Recorded).recorded = recorded;
  let last = performance.now();
  const frame = (now: number): void => {
    recorded.gaps.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  document.querySelector(field)?.addEventListener("input", (event) => {
    requestAnimationFrame(() => recorded.keys.push(performance.now() - event.timeStamp));
  });
}

/** Megabytes that JavaScript holds after a collection. */
async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return Math.round(usedSize / 1e5) / 10;
}

async function emptyPaint(browser: Browser): Promise<number> {
  const page = await (await browser.newContext()).newPage();
  await page.goto("data:text/html,<!doctype html><p>empty");
  return await firstPaint(page);
}

/** From the start of the navigation to the first content. */
function firstPaint(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) =>
        new PerformanceObserver((list) => {
          const paint = list.getEntriesByName("first-contentful-paint")[0];
          if (paint !== undefined) resolve(Math.round(paint.startTime));
        }).observe({ type: "paint", buffered: true }),
      ),
  );
}
