/** docs/CLIENT.md says all that there is, and nothing that is not. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DEFAULTS } from "../../src/client/connection-state.ts";
import { INBOX, INBOX_LENGTH } from "../../src/client/inbox.ts";
import { ApiClient, ChannelClient, HubClient } from "../../src/client/index.ts";
import { GIVE_UP_MS, OUTBOX, OUTBOX_LENGTH, UNTOLD_MS, WINDOW } from "../../src/client/outbox.ts";
import { ERRORS } from "../../src/protocol/index.ts";
import { ROOT } from "../support/protocol-page.ts";

const page = readFileSync(join(ROOT, "docs/CLIENT.md"), "utf8");
const prose = page.replaceAll(/```.*?```/gs, "");
const quoted = new Set([...prose.matchAll(/`([^`]+)`/g)].map(([, code]) => code));
const source = readFileSync(join(ROOT, "src/client/hub-error.ts"), "utf8");
const clientCodes = [...source.matchAll(/^ {2}\| "(\w+)"/gm)].map(([, code = ""]) => code);

test("the client's page names every method and accessor", () => {
  for (const of of [ApiClient, ChannelClient, HubClient]) {
    const names = Object.getOwnPropertyNames(of.prototype).filter((name) => name !== "constructor");
    const isNamed = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(page);
    expect(names.filter((name) => !isNamed(name))).toEqual([]);
  }
});

test("the client's page names every code that only the client gives, and no code that nobody gives", () => {
  expect(clientCodes.length).toBeGreaterThan(8);
  expect(clientCodes.filter((code) => !quoted.has(code))).toEqual([]);
  const tables = page.split("\n").filter((line) => line.startsWith("|") || line.includes("may reject with"));
  const named = tables.flatMap((line) => [...line.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, code = ""]) => code));
  const OTHERS = new Set(["wait_ms", "after", "client_msg_id"]);
  const unknown = named.filter((code) => !Object.hasOwn(ERRORS, code) && !clientCodes.includes(code));
  expect(unknown.filter((code) => !OTHERS.has(code))).toEqual([]);
});

test("the client's page has the limits that are", () => {
  const MIB = 1024 * 1024;
  for (const text of [
    `every ${DEFAULTS.ping_ms / 1000} s, within ${DEFAULTS.pong_ms / 1000} s; in doubt within ${DEFAULTS.probe_ms / 1000} s`,
    `within ${DEFAULTS.open_ms / 1000} s`,
    `below ${DEFAULTS.backoff.least} ms at first, below ${DEFAULTS.backoff.most / 1000} s at most`,
    `${INBOX} events, ${INBOX_LENGTH / MIB} MiB of text`,
    `${OUTBOX}, ${OUTBOX_LENGTH / MIB} MiB; ${WINDOW} on the wire`,
  ])
    expect(page).toContain(text);
  expect([GIVE_UP_MS, UNTOLD_MS]).toEqual([4 * 60_000, 15 * 60_000]);
  expect(page).toContain("within four minutes");
  expect(page).toContain("away for fifteen minutes");
});
