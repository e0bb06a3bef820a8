/** Places for sockets on a channel: what one hub key, and one watch link, may have of them (T44, SOC1, SOC9). */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Agent, createChannel } from "../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { startHub } from "./support/hub-calls.ts";
import { ask, hubKey } from "./support/identity.ts";
import { endCalmly } from "./support/refusals.ts";

const [TEAM, OTHER, READ] = [hubKey("team", "agent"), hubKey("other", "agent"), hubKey("reader", "read")];
/** Three quarters of them are one hub key's at most. */
const [SOCKETS, SHARE] = [32, 24];

let hub: HubProcess;
beforeAll(async () => {
  const keys = [TEAM, OTHER, READ].map(({ entry }) => entry).join();
  hub = await startHub({ HUB_KEYS: keys, HUB_MAX_SOCKETS: String(SOCKETS) });
});
afterAll(() => endCalmly(hub));

const FULL = { status: 429, body: { code: "too_many_sockets" } };

/** Opens sockets, one after the other, until one is refused; how many there are. */
async function fill(room: string, query: (n: number) => string, as?: string): Promise<number> {
  const open: Agent[] = [];
  onTestFinished(() => open.forEach(({ socket }) => socket.terminate()));
  const headers: Record<string, string> = as === undefined ? {} : { "x-spf-key": as };
  try {
    while (open.length <= SOCKETS) open.push(await Agent.connect(hub.url, room, query(open.length), headers));
  } catch (error) {
    expect(error).toMatchObject(FULL);
  }
  return open.length;
}

test("[T44] [SOC1] the agents of one hub key take three quarters of the sockets, however many there are; others get the rest", async () => {
  const room = await createChannel(hub.url);
  expect(await fill(room, (n) => `key=made-up-${n}`, TEAM.text)).toBe(SHARE);
  await expect(Agent.connect(hub.url, room, "key=one-more", { "x-spf-key": TEAM.text })).rejects.toMatchObject(FULL);
  expect(await fill(room, (n) => `key=others-${n}`, OTHER.text)).toBe(SOCKETS - SHARE);
  await expect(Agent.connect(hub.url, room, "key=late", { "x-spf-key": HUB_KEY })).rejects.toMatchObject(FULL);
});

test("[T44] [SOC9] a watch link has 16 sockets on its channel; the hub key behind it has more, and other links have theirs", async () => {
  const room = await createChannel(hub.url);
  const link = async (): Promise<string> => {
    const body = { channel_id: room, watch: true };
    return (await ask(hub.url, { path: "/api/ticket", body, as: READ.text })).body.ticket as string;
  };
  const [leaked, kept] = [await link(), await link()];
  expect(await fill(room, () => `ticket=${leaked}`)).toBe(16);
  const own = await Agent.connect(hub.url, room, "", { "x-spf-key": READ.text });
  const other = await Agent.connect(hub.url, room, `ticket=${kept}`, {});
  for (const { socket } of [own, other]) socket.terminate();
});
