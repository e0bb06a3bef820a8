/** A person in front of the page: what they can do, and what the browser noticed meanwhile. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { call, type Json } from "../../support/process/agent.ts";
import { HUB_KEY } from "../../support/process/hub-process.ts";

/** What must stay empty: faults of the page's code, and of what its policy forbids. */
export interface Faults {
  readonly errors: string[];
  readonly violations: string[];
}

export interface Person {
  readonly page: Page;
  readonly faults: Faults;
}

/** Opens an empty browser at the hub; `options` say how it looks. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  // What the page never does ends a test by the test's own time, however slow the machine is.
  context.setDefaultTimeout(0);
  const page = await context.newPage();
  const faults: Faults = { errors: [], violations: [] };
  page.on("pageerror", (error) => faults.errors.push(error.stack ?? error.message));
  await page.exposeFunction("reportViolation", (what: string) => faults.violations.push(what));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const report = (globalThis as unknown as { reportViolation: (what: string) => void }).reportViolation;
      report(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  await page.goto(url);
  return { page, faults };
}

export async function signIn({ page }: Person, name = "Robin", key = HUB_KEY): Promise<void> {
  await page.getByLabel("Hub key").fill(key);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Opens a channel by its address, and joins it. */
export async function openJoined({ page }: Person, channel_id: string): Promise<void> {
  await page.evaluate((id) => void (location.hash = `#/c/${id}`), channel_id);
  await page.getByRole("button", { name: "Join to take part" }).click();
  await page.getByRole("textbox", { name: /^Message / }).waitFor();
}

/** An agent that speaks over HTTP; declared a service, so that the loop guard lets a test talk on. */
export async function say(url: string, channel_id: string, text: string, more: Json = {}): Promise<Json> {
  const body = { channel_id, key: "scout", name: "Scout", kind: "service", text, ...more };
  const answer = await call(url, "/api/channel/send", { body });
  if (answer.status !== 200) throw new Error(`the hub refused: ${JSON.stringify(answer.body)}`);
  return answer.body.message;
}

/** Numbers of the messages on the page, in their order. */
export function shownNumbers({ page }: Person): Promise<number[]> {
  return page.evaluate(() =>
    Array.from(document.querySelectorAll<HTMLElement>(".timeline [data-seq]"), (one) => Number(one.dataset["seq"])),
  );
}
