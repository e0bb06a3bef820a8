/** The page where a proxy serves the hub under a path of its own: it loads, signs in, and talks. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { call, createChannel } from "../support/process/agent.ts";
import { freePort } from "../support/process/ports.ts";
import { PageHub } from "../support/process/page-hub.ts";
import { ReverseProxy } from "../support/process/reverse-proxy.ts";
import { launchChromium } from "./support/chromium.ts";
import { openJoined, signIn, visit } from "./support/person.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

test("[IDN2] under a path the page loads all its parts, signs what it asks, and speaks over its socket", async () => {
  const port = await freePort();
  await using hub = await PageHub.start({ HUB_URL: `http://127.0.0.1:${port}/hub` });
  using proxy = await ReverseProxy.before(hub.url, { prefix: "/hub", port });
  const channel_id = await createChannel(hub.url, "path");
  const robin = await visit(browser, `${proxy.url}/`);
  onTestFinished(() => robin.page.context().close());
  await signIn(robin);
  await openJoined(robin, channel_id);
  await robin.page.getByRole("textbox", { name: "Message path" }).fill("from under a path");
  await robin.page.keyboard.press("Enter");
  await robin.page
    .getByRole("article", { name: /^Robin/ })
    .getByText("from under a path")
    .waitFor();
  const { messages } = (await call(hub.url, `/api/channel/${channel_id}/history?limit=1`)).body;
  expect(messages).toMatchObject([{ text: "from under a path", verified: true }]);
  expect(robin.faults).toEqual({ errors: [], violations: [] });
  expect(proxy.asked.filter((path) => !path.startsWith("/hub/"))).toEqual([]);
});
