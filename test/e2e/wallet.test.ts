/** Nobody runs up the owner's bill: what is refused makes no object and stores nothing (T15). */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lengthOf } from "../support/length.ts";
import { createChannel } from "../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { TELLING_WAKES, untilWakes, wakes } from "../support/process/wakes.ts";
import { Dice } from "../support/crash/dice.ts";
import { send } from "./support/hub-calls.ts";
import { hubKey } from "./support/identity.ts";
import { patchedHub } from "./support/patched-hub.ts";

const REQUESTS = lengthOf({ short: 2000, long: 10_000 });
const AT_ONCE = 32;
const READER = hubKey("reader", "read");

const KEYLESS: readonly Record<string, string>[] = [
  {},
  { "x-spf-key": "wrong" },
  { "x-spf-key": hubKey("nobody", "admin").text },
  { authorization: "Bearer wrong" },
  { "x-spf-key": HUB_KEY, origin: "https://evil.example" },
  { "x-spf-key": HUB_KEY, "signature-input": "hub=()", signature: "hub=:x:" },
];

const ABSURD = ["ch-0", "ch-01", "ch-", "ch-99999999999", "ch--1", "ch-1.5", "%2e%2e", "ch-1%00", "nonsense", "CH-1"];

interface Hostile {
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

const upTo = (dice: Dice, count: number): number => dice.roll(0, count - 1);

/** One of all that must be refused before a channel is touched. */
function hostile(dice: Dice): Hostile {
  const isKeyless = upTo(dice, 2) === 0;
  const headers = isKeyless ? (KEYLESS[upTo(dice, KEYLESS.length)] ?? {}) : { "x-spf-key": HUB_KEY };
  const ghost = `ch-${2 + upTo(dice, 900_000_000)}`;
  const id = upTo(dice, 3) === 0 ? (ABSURD[upTo(dice, ABSURD.length)] ?? "") : isKeyless ? "ch-1" : ghost;
  const body = JSON.stringify({ channel_id: id, key: "mallory", name: "x", text: "x", target: "alpha", seq: 1 });
  const acting = ["join", "send", "leave", "read", "kick", "pause", "guard-reset"][upTo(dice, 7)] ?? "";
  const forms: readonly Hostile[] = [
    { path: `/api/channel/${id}`, method: "GET", headers },
    { path: `/api/channel/${id}/history`, method: "GET", headers },
    { path: `/api/channel/${id}/listen?key=mallory&wait=5`, method: "GET", headers },
    { path: `/api/channel/${id}`, method: "DELETE", headers },
    { path: `/ws/channel/${id}?key=mallory`, method: "GET", headers },
    { path: `/api/channel/${acting}`, method: "POST", headers, body },
    { path: "/api/ticket", method: "POST", headers, body },
    { path: `/api/channel/send?${HUB_KEY}`, method: "POST", headers, body },
    { path: "/api/channel/join", method: "POST", headers: { "x-spf-key": READER.text }, body },
  ];
  return forms[upTo(dice, forms.length)] ?? { path: "/", method: "GET", headers };
}

/** Every file of state with no channel's content: what the hub has stored. */
async function stored(hub: HubProcess): Promise<string[]> {
  const files = await readdir(join(hub.directory, "state"), { recursive: true });
  return files.filter((file) => file.endsWith(".sqlite")).toSorted();
}

/** Sends `count` of them; gives how often each status came. */
async function bombard(hub: HubProcess, dice: Dice, count: number): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  let left = count;
  const attack = async (): Promise<void> => {
    while (left-- > 0) {
      const { path, ...init } = hostile(dice);
      const answer = await fetch(hub.url + path, init);
      await answer.arrayBuffer();
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attack));
  return statuses;
}

test(`[T15] [IDX4] ${REQUESTS} hostile requests make no channel object and store nothing`, async () => {
  const seed = Number(process.env["WALLET_SEED"] ?? Date.now() % 1e9);
  const hub = await patchedHub([TELLING_WAKES], { HUB_KEYS: READER.entry });
  await createChannel(hub.url);
  const before = await stored(hub);
  // The index looked whether the number was free (IDX5).
  const looked = hub.output.length;
  const statuses = await bombard(hub, new Dice(seed), REQUESTS);
  console.log(`wallet: seed ${seed}, ${JSON.stringify(statuses)}`);
  expect(Object.keys(statuses).toSorted()).toEqual(["400", "401", "403", "404", "426"]);
  expect(hub.output.slice(looked)).not.toContain("woke");
  expect(await stored(hub)).toEqual(before);
  // The channel itself works: its object is made by its first guest, and by nobody before.
  expect((await send(hub.url, "ch-1")).status).toBe(200);
  await untilWakes(hub, "ch-1", 1);
  expect(wakes(hub, "ch-1")).toBeLessThanOrEqual(2);
});
