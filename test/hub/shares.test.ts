/** What one hub key may take of what all share, however many agent keys it makes up. Counted, never timed. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { Listeners } from "../../src/hub/channel-object/listeners.ts";
import { ok } from "../../src/protocol/index.ts";
import { call, channelStub, createChannel, indexStub } from "./support/hub.ts";

const BODY = { name: "room", key: "maker" };

async function create(kid: string, key: string, admin = false): Promise<string> {
  const made = await indexStub().create({ key: BODY.key, verified: false, kid, admin }, BODY, key);
  return made.ok ? "ok" : made.refusal.code;
}

test("[T37] [IDX7] who moderates its own channels pushes no act of an admin out of the audit", async () => {
  const act = (kid: string): Parameters<ReturnType<typeof indexStub>["noteAct"]>[0] => {
    return { at: new Date().toISOString(), request_id: "r", kid, act: "pause", channel_id: "ch-1" };
  };
  await indexStub().noteAct(act("owner"), true);
  for (let n = 0; n < 1010; n++) await indexStub().noteAct(act("team"), false);
  const kids = (await indexStub().audit(5000)).map(({ kid }) => kid);
  expect(kids.filter((kid) => kid === "team")).toHaveLength(1000);
  expect(kids).toContain("owner");
});

test("[T38] one hub key leaves creates of a minute to others, and the last channels to admins", async () => {
  let made = 0;
  while ((await create("team", `t-${made}`)) === "ok") made++;
  expect(made).toBeGreaterThanOrEqual(450);
  expect(await create("other", "o-1")).toBe("ok");
  // 938 of the 1000 channels there may be are for everybody.
  const free = 938 - (await indexStub().counts()).channels;
  await runInDurableObject(indexStub(), (_index, { storage }) => {
    storage.sql.exec(
      `INSERT INTO channel (number, name, created_by, creator_name, creator_verified, created_at, epoch, idempotency_key,
        state, dirty, change, summary)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       SELECT 5000 + i, 'x', 'x', 'x', 0, 0, 'e', 'k' || i, 'live', 0, 0, '{}' FROM n`,
      free,
    );
  });
  await evictDurableObject(indexStub());
  expect(await create("other", "o-2")).toBe("quota_exceeded");
  expect(await create("owner", "a-1", true)).toBe("ok");
});

test("[T44] [LIS2] the agents of one hub key wait 1024 times on a channel; then its oldest is answered, no other's", async () => {
  const id = await createChannel("waiting");
  await call(`/api/channel/${id}`);
  await runInDurableObject(channelStub(id), (_channel, state) => {
    const nothing = { messages: [], next: 1, own: 0, others: 0, more: false, gap: null };
    const listeners = new Listeners(state, () => ok({ channel_id: id, epoch: "e", ...nothing }));
    const wait = (key: string, at: number, kid?: string): void => {
      listeners.open({ key, verified: false, for: "me", limit: 50, after: 1 }, at, { kid }).webSocket?.accept();
    };
    wait("elder", 0, "other");
    for (let n = 0; n < 1030; n++) wait(`key-${n}`, 1 + n, "team");
    expect([5, 6].map((n) => listeners.isPresent(`key-${n}`))).toEqual([false, true]);
    expect(listeners.isPresent("elder")).toBe(true);
  });
});
