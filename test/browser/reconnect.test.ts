/** A hub that dies under the page and comes back: nothing missing, nothing twice, nothing sent twice. */
import { createHash, randomBytes } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { call, createChannel, type Json } from "../support/process/agent.ts";
import { PageHub } from "../support/process/page-hub.ts";
import { launchChromium } from "./support/chromium.ts";
import { openJoined, say, shownNumbers, signIn, visit } from "./support/person.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

test("[SOC2] [DUR3] after a crash the page goes on where it was, and what was written meanwhile is sent once", async () => {
  await using hub = await PageHub.start();
  const channel_id = await createChannel(hub.url, "crash", "scout", "Scout");
  const robin = await visit(browser, hub.url);
  onTestFinished(() => robin.page.context().close());
  const { page } = robin;
  await signIn(robin);
  await openJoined(robin, channel_id);
  const field = page.getByRole("textbox", { name: "Message crash" });
  await field.fill("before");
  await page.keyboard.press("Enter");
  await page
    .getByRole("article", { name: /^Robin/ })
    .getByText("before")
    .waitFor();

  await hub.kill();
  await page.getByText("The connection was lost.").waitFor();
  await page.getByText(/Trying again in \d+ s\./).waitFor();
  await field.fill("meanwhile");
  await page.keyboard.press("Enter");
  const waiting = page.getByText("Waiting for the connection…");
  await waiting.waitFor();
  expect(await waiting.evaluate((line) => line.getBoundingClientRect().bottom < innerHeight - 60)).toBe(true);
  expect(await page.getByRole("log").getByText("before").isVisible()).toBe(true);

  await page.getByRole("button", { name: "Try now" }).click();

  await hub.restart();
  await say(hub.url, channel_id, "after the crash");
  await page.getByText("The connection was lost.").waitFor({ state: "detached" });
  await page.getByRole("log").getByText("after the crash").waitFor();
  await page.getByText("Waiting for the connection…").waitFor({ state: "detached" });
  const { body } = await call(hub.url, `/api/channel/${channel_id}/history`);
  const texts = body.messages.map(({ text }: Json) => text);
  expect(texts.filter((text: string) => text === "meanwhile").length).toBe(1);
  expect(texts.length).toBe(5);
  await expect.poll(() => shownNumbers(robin)).toEqual([1, 2, 3, 4, 5]);
  expect(robin.faults).toEqual({ errors: [], violations: [] });
});

test("[GRD2] what the hub refuses is shown as not sent, and can be tried again or discarded", async () => {
  const key = `hub_team_${randomBytes(32).toString("base64url")}`;
  const digest = createHash("sha256").update(key).digest("hex");
  await using hub = await PageHub.start({ HUB_KEYS: `team:agent:${digest}` });
  const channel_id = await createChannel(hub.url, "refused", "scout", "Scout");
  const robin = await visit(browser, hub.url);
  onTestFinished(() => robin.page.context().close());
  const { page } = robin;
  await signIn(robin, "Robin", key);
  await openJoined(robin, channel_id);
  await page.getByRole("complementary", { name: "Participants" }).getByText("Loop guard").waitFor();
  expect(await page.getByRole("button", { name: "Pause channel" }).count()).toBe(0);
  const send = async (text: string): Promise<void> => {
    await page.getByRole("textbox", { name: "Message refused" }).fill(text);
    await page.keyboard.press("Enter");
    await page.getByText("Not sent: channel ch-1 is paused").waitFor();
  };
  await call(hub.url, "/api/channel/pause", { body: { channel_id } });
  await send("not heard");
  await call(hub.url, "/api/channel/resume", { body: { channel_id } });
  await page.getByRole("button", { name: "Try again" }).click();
  await page
    .getByRole("article", { name: /^Robin/ })
    .getByText("not heard")
    .waitFor();
  await call(hub.url, "/api/channel/pause", { body: { channel_id } });
  await send("never mind");
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("log").getByText("never mind").waitFor({ state: "detached" });
  expect(robin.faults).toEqual({ errors: [], violations: [] });
});
