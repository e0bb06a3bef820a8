/** The tool's port over live connections: what it takes for the channels that it is in. */
import { expect, test } from "vitest";
import { LivePort } from "../../src/cli/live-port.ts";
import { type Host, HubClient, thisHost } from "../../src/client/index.ts";

const AGENT = { key: "alpha" };
const ROOM = { id: "ch-1", name: "ops", created_by: "alpha", created_at: "2026-01-02T03:04:05.678Z", participants: [] };

/** A hub of one channel, which answers a list when the test lets it. */
class Hub {
  /** Answers to lists, oldest first. */
  readonly lists: ((channels: readonly object[]) => void)[] = [];

  readonly host: Host = Object.assign(thisHost(), {
    fetch: async ({ url }: { url: string }) => {
      const answer = new URL(url).pathname.endsWith("/list")
        ? { channels: await new Promise<readonly object[]>((answered) => this.lists.push(answered)), count: 0 }
        : { channel_id: ROOM.id, seq: 2, epoch: "0f3a9c5d7e1b2486" };
      return { status: 200, type: "application/json", text: JSON.stringify({ ok: true, ...answer }) };
    },
    open: () => ({ send: () => undefined, close: () => undefined }),
  });

  async listed(count: number): Promise<void> {
    await expect.poll(() => this.lists.length).toBe(count);
  }
}

test("a list that was asked before a join is not taken for what is joined after it", async () => {
  const hub = new Hub();
  const client = new HubClient({ url: "https://hub.example", agent: AGENT, host: hub.host });
  const port = new LivePort({ agent: AGENT, hubFor: () => client, log: () => undefined, keyFault: "wrong" });
  const attended = port.attend();
  await hub.listed(1);
  const joined = port.join({ channel_id: ROOM.id, key: AGENT.key });
  await expect.poll(() => joined.then(({ ok }) => ok)).toBe(true);
  hub.lists[0]?.([]);
  await hub.listed(2);
  hub.lists[1]?.([ROOM]);
  expect(await attended).toEqual({ ok: true, value: true });
  await port.close();
});
