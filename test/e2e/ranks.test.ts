/** An admin's measure is above a channel's creator, on every route, until it is lifted or over (GRD2). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createIdentity, type Identity } from "../../src/client/identity.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { startHub } from "./support/hub-calls.ts";
import { ask, hubKey, outcome } from "./support/identity.ts";
import { endCalmly } from "./support/refusals.ts";

const TEAM = hubKey("team", "agent");

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub({ HUB_KEYS: TEAM.entry });
});
afterAll(() => endCalmly(hub));

/** A channel of a signed creator, and what each of the two may do there. */
async function made(): Promise<{
  id: string;
  creator: (action: string, more?: object) => Promise<string>;
  admin: (action: string, more?: object) => Promise<string>;
}> {
  const me: Identity = (await createIdentity()).identity;
  const created = await ask(hub.url, { path: "/api/channel/create", body: { name: "mine" }, as: TEAM.text, by: me });
  const id = created.body.channel_id as string;
  await ask(hub.url, { path: "/api/channel/join", body: { channel_id: id, key: "bravo" }, as: TEAM.text });
  const by = async (as: string, who: Identity | undefined, action: string, more: object = {}): Promise<string> => {
    if (action === "delete")
      return outcome(await ask(hub.url, { path: `/api/channel/${id}`, method: "DELETE", as, by: who }));
    return outcome(
      await ask(hub.url, { path: `/api/channel/${action}`, body: { channel_id: id, ...more }, as, by: who }),
    );
  };
  return {
    id,
    creator: (action, more) => by(TEAM.text, me, action, more),
    admin: (action, more) => by(HUB_KEY, undefined, action, action === "kick" ? { target: me.key, ...more } : more),
  };
}

const MEASURES: readonly (readonly [action: string, more: object])[] = [
  ["resume", {}],
  ["pause", {}],
  ["kick", { target: "bravo" }],
  ["guard-reset", {}],
  ["delete", {}],
];

test("[T34] [GRD2] while an admin's pause stands its creator may do nothing about it", async () => {
  const { creator, admin } = await made();
  expect(await admin("pause")).toBe("ok");
  for (const [action, more] of MEASURES) expect(await creator(action, more), action).toBe("403 forbidden");
  expect(await admin("resume")).toBe("ok");
  expect(await creator("kick", { target: "bravo" })).toBe("ok");
  expect(await creator("delete")).toBe("ok");
});

test("[T34] [GRD2] an admin's pause goes above one of the creator's", async () => {
  const { creator, admin } = await made();
  expect(await creator("pause")).toBe("ok");
  expect(await admin("pause")).toBe("ok");
  expect(await creator("resume")).toBe("403 forbidden");
  await hub.kill();
  await hub.restart();
  expect(await creator("resume")).toBe("403 forbidden");
  expect(await admin("resume")).toBe("ok");
  expect(await creator("pause")).toBe("ok");
  expect(await creator("resume")).toBe("ok");
});

test("[T34] [GRD2] a creator who was kicked moderates and deletes nothing", async () => {
  const { creator, admin } = await made();
  expect(await admin("kick")).toBe("ok");
  for (const [action, more] of [...MEASURES, ["join", {}] as const])
    expect(await creator(action, more), action).toBe("403 forbidden");
});
