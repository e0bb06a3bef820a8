/** What one hub key may use up through the agent keys it makes up: joins, leaves, places, and what is remembered of them. */
import { expect, test } from "vitest";
import { rateKey, Rates } from "../../src/hub/between/rates.ts";
import type { Caller } from "../../src/channel/index.ts";
import { ChannelFixture } from "../support/channel-fixture.ts";

const LIMITED = { type: "refused", refusal: { code: "rate_limited", retry_after_ms: expect.any(Number) } };

const invented = (n: number, more: Partial<Caller> = {}): Caller => ({
  key: `key-${n}`,
  verified: false,
  kid: "team",
  ...more,
});

test("[T44] [MEM1] the agents of one hub key join and leave 256 times, however many keys they make up; another's go on", () => {
  const channel = new ChannelFixture();
  for (let n = 0; n < 128; n++) {
    channel.join(invented(n));
    channel.leave(invented(n));
  }
  expect(channel.join(invented(128))).toMatchObject(LIMITED);
  expect(channel.join(invented(129, { kid: "other" }))).toMatchObject({ type: "joined" });
  expect(channel.join(invented(130, { admin: true }))).toMatchObject({ type: "joined" });
  channel.now += 1000;
  expect(channel.join(invented(128))).toMatchObject({ type: "joined" });
  expect(channel.leave(invented(128))).toMatchObject(LIMITED);
  // Who is there may say so again.
  expect(channel.join(invented(128))).toMatchObject({ type: "joined" });
});

test("[T44] [GRD2] nobody comes or goes while a channel is paused, but an admin; who is there stays", () => {
  const channel = new ChannelFixture();
  channel.join(invented(1));
  channel.decide({ key: "admin", verified: false, admin: true }, { action: "pause" });
  const paused = { type: "refused", refusal: { code: "paused" } };
  expect(channel.join(invented(2))).toMatchObject(paused);
  expect(channel.leave(invented(1))).toMatchObject(paused);
  expect(channel.join(invented(1))).toMatchObject({ type: "joined" });
  expect(channel.join(invented(3, { admin: true }))).toMatchObject({ type: "joined" });
  expect(channel.join(invented(4, { admin: true, kind: "agent" }))).toMatchObject(paused);
});

test("[T45] [MEM1] of proven keys that left, the newest 1024 are remembered", () => {
  const channel = new ChannelFixture();
  for (let n = 0; n < 1100; n++) {
    channel.now += 1;
    channel.join({ key: `proven-${n}`, verified: true });
    channel.leave({ key: `proven-${n}`, verified: true });
  }
  const left = [...channel.state.participants.values()].filter(({ member }) => !member).map(({ key }) => key);
  expect(left).toHaveLength(1024);
  expect(left).toContain("proven-1099");
  expect(left).not.toContain("proven-0");
});

test("[T44] a hub key's agents together have ten times an agent's rate in a channel; an admin's are not counted", () => {
  const rates = new Rates({ per_second: 1, burst: 5 }, "rate_limited", "too many");
  const taken = (more: Partial<Caller>): number => {
    let count = 0;
    for (let n = 0; n < 1000; n++) if (rates.take(rateKey(invented(n % 100, more)), 1000) === undefined) count++;
    return count;
  };
  expect(taken({ kid: "team" })).toBe(50);
  expect(taken({ kid: "admin", admin: true, verified: true })).toBe(500);
});

test("[T44] of a channel's places one in sixteen is kept for admins, whichever hub keys the others come with", () => {
  const channel = new ChannelFixture({}, { HUB_MAX_PARTICIPANTS: 32 });
  const full = { type: "refused", refusal: { code: "channel_full" } };
  // The creator has the first.
  for (let n = 1; n < 30; n++)
    expect(channel.join(invented(n, { kid: `team-${n % 2}` }))).toMatchObject({ type: "joined" });
  expect(channel.join(invented(30))).toMatchObject(full);
  expect(channel.join(invented(30, { kid: "other" }))).toMatchObject(full);
  for (const n of [31, 32]) expect(channel.join(invented(n, { admin: true }))).toMatchObject({ type: "joined" });
  expect(channel.join(invented(33, { admin: true }))).toMatchObject(full);
});
