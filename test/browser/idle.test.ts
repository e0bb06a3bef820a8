/** A page that lies open costs its owner nothing (USE1). */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, createChannel } from "../support/process/agent.ts";
import { PageHub } from "../support/process/page-hub.ts";
import { launchChromium } from "./support/chromium.ts";
import { openJoined, say, signIn, visit } from "./support/person.ts";

let hub: PageHub;
let browser: Browser;
beforeAll(async () => {
  [hub, browser] = await Promise.all([PageHub.start(), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await hub[Symbol.asyncDispose]();
});

/** Longer than the page ever waits where it has something to ask. */
const STILL_MS = 25_000;

test("[USE1] an open page that nobody touches asks nothing while nothing changes, and sees what does", async () => {
  const channel_id = await createChannel(hub.url, "idle", "scout", "Scout");
  const robin = await visit(browser, hub.url);
  const { page } = robin;
  await signIn(robin);
  await openJoined(robin, channel_id);
  // What the last step itself led to is over.
  await page.waitForTimeout(STILL_MS);
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    // The page's own files, such as its icon, are no requests of the Worker's.
    if (/^\/(?:api|ws|mcp|health)/.test(pathname)) asked.push(`${request.method()} ${pathname}`);
  });
  await page.waitForTimeout(STILL_MS);
  await say(hub.url, channel_id, "said on the socket");
  await page.getByRole("log").getByText("said on the socket").waitFor();
  await page.waitForTimeout(STILL_MS / 2);
  // A read position goes over the socket.
  expect(asked).toEqual([]);

  const other = page.getByRole("navigation").getByText("elsewhere");
  await createChannel(hub.url, "elsewhere", "scout", "Scout");
  expect(await other.count()).toBe(0);
  await call(hub.url, "/api/channel/join", { body: { channel_id, key: "bravo", name: "Bravo" } });
  await other.waitFor();

  await createChannel(hub.url, "nowhere", "scout", "Scout");
  const hand = setInterval(() => void page.mouse.move(Math.random() * 400, 300), 500);
  await page.getByRole("navigation").getByText("nowhere").waitFor();
  clearInterval(hand);

  await page.getByRole("button", { name: "Use today" }).click();
  await page.getByText(/On the free plan .+ end first/).waitFor();
  expect(await page.getByRole("row", { name: /^rows written \d+ 100,000/ }).count()).toBe(1);
  expect(robin.faults).toEqual({ errors: [], violations: [] });
  await page.context().close();
});
