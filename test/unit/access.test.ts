/** [GRD2] [MEM1] [SOC9] Who may do what in a channel: every act for every kind of viewer, in every state it depends on. */
import { expect, test } from "vitest";
import {
  type Act,
  refuseAct,
  refuseDelete,
  refuseNobody,
  refuseSpeaking,
  type Viewer,
} from "../../src/channel/index.ts";
import { ChannelFixture } from "../support/channel-fixture.ts";

const ACTS: readonly Act[] = [
  ...(["look", "listen", "read", "join", "send", "leave"] as const),
  ...(["kick", "pause", "resume", "guard_reset", "delete"] as const),
];

/** `alpha` made the channel, `bravo` joined it, `carol` never did. */
const VIEWERS = {
  creator: { key: "alpha", verified: true },
  claimed: { key: "alpha", verified: false },
  member: { key: "bravo", verified: true },
  stranger: { key: "carol", verified: true },
  admin: { key: "boss", verified: false, admin: true },
  observer: { key: "~team", verified: false, observes: true },
} as const satisfies Readonly<Record<string, Viewer>>;

type Name = keyof typeof VIEWERS;

function made(): ChannelFixture {
  const channel = new ChannelFixture();
  channel.join("bravo", "BRAVO");
  return channel;
}

/** The acts that are refused to a viewer, each with its code. */
function refused({ state, now }: ChannelFixture, viewer: Viewer): Readonly<Record<string, string>> {
  const answers = ACTS.map((act) => [act, refuseAct(state, viewer, act, now)?.code] as const);
  return Object.fromEntries(answers.flatMap(([act, code]) => (code === undefined ? [] : [[act, code]])));
}

const MODERATION = { kick: "forbidden", pause: "forbidden", resume: "forbidden", guard_reset: "forbidden" };
const NOT_MINE = { ...MODERATION, delete: "forbidden" };
const OUTSIDE = { read: "not_participant", send: "not_participant", leave: "not_participant" };

const OPEN: Readonly<Record<Name, object>> = {
  creator: {},
  claimed: NOT_MINE,
  member: NOT_MINE,
  stranger: { listen: "not_participant", ...OUTSIDE, ...NOT_MINE },
  admin: { listen: "not_participant", ...OUTSIDE },
  observer: { ...OUTSIDE, ...NOT_MINE },
};

test.each(Object.keys(OPEN) as Name[])(
  "[GRD2] [MEM1] [SOC9] in a channel where nothing was ordered: the %s",
  (name) => {
    expect(refused(made(), VIEWERS[name])).toEqual(OPEN[name]);
  },
);

const SILENT = { send: "paused", leave: "paused" };

test("[GRD2] in a channel that its creator paused nobody speaks, comes or goes", () => {
  const channel = made();
  channel.do(VIEWERS.creator, { action: "pause" });
  expect(refused(channel, VIEWERS.creator)).toEqual(SILENT);
  expect(refused(channel, VIEWERS.member)).toEqual({ ...SILENT, ...NOT_MINE });
  expect(refused(channel, VIEWERS.stranger)).toEqual({ ...OPEN.stranger, join: "paused" });
  expect(refused(channel, VIEWERS.admin)).toEqual(OPEN.admin);
});

test("[GRD2] an admin that is a declared agent is bound by a pause, whichever way it is known to be one", () => {
  const channel = made();
  channel.join({ key: "robot", verified: true, kind: "agent" });
  channel.do(VIEWERS.creator, { action: "pause" });
  const known = { key: "robot", verified: true, admin: true };
  expect(refused(channel, known)).toEqual(SILENT);
  expect(refused(channel, { ...known, kind: "human" })).toEqual({});
  expect(refused(channel, { ...VIEWERS.admin, kind: "agent" })).toMatchObject({ join: "paused" });
  expect(refused(channel, { ...VIEWERS.member, kind: "human" })).toMatchObject(SILENT);
});

test("[GRD2] a pause of an admin, and a kick while it lasts, are above the creator", () => {
  const paused = made();
  paused.do(VIEWERS.admin, { action: "pause" });
  expect(refused(paused, VIEWERS.creator)).toEqual({ ...SILENT, ...NOT_MINE });
  expect(refused(paused, VIEWERS.admin)).toEqual(OPEN.admin);
  expect(refuseAct(paused.state, VIEWERS.creator, "delete", paused.now)?.error).toBe(
    "an admin of the hub paused this channel; only an admin may do this until it is resumed",
  );
  const channel = made();
  channel.do(VIEWERS.admin, { action: "kick", target: "alpha", minutes: 1 });
  const out = { listen: "not_participant", ...OUTSIDE };
  channel.now += 59_999;
  expect(refused(channel, VIEWERS.creator)).toEqual({ ...out, ...NOT_MINE, join: "forbidden" });
  channel.now += 1;
  expect(refused(channel, VIEWERS.creator)).toEqual(out);
});

test("[GRD2] who was kicked is told so, and until when; a kick is told before a pause", () => {
  const channel = made();
  channel.do(VIEWERS.admin, { action: "kick", target: "bravo", minutes: 1 });
  channel.do(VIEWERS.admin, { action: "pause" });
  const why = refuseAct(channel.state, VIEWERS.member, "join", channel.now);
  const until = new Date(channel.now + 60_000).toISOString();
  expect(why?.error).toBe(`you were removed from ch-7 and may join again after ${until}`);
});

test("[SOC9] one who only looks on speaks in no channel; all others may", () => {
  expect(refuseSpeaking(VIEWERS.observer)).toEqual({
    code: "forbidden_scope",
    error: "this socket only reads; to speak, connect with a hub key of scope agent",
  });
  for (const name of ["creator", "claimed", "admin"] as const) expect(refuseSpeaking(VIEWERS[name])).toBeUndefined();
});

test("[GRD2] a delete needs somebody, then the creator or an admin, whatever else is known of the channel", () => {
  expect(refuseNobody(VIEWERS.claimed)).toEqual({
    code: "signature_required",
    error: "prove that you are the channel's creator by signing, or use a hub key of scope admin",
  });
  expect(refuseNobody(VIEWERS.stranger)).toBeUndefined();
  expect(refuseNobody(VIEWERS.admin)).toBeUndefined();
  const record = { created_by: "alpha" };
  const texts = (["creator", "claimed", "member", "admin"] as const).map((name) => refuseDelete(record, VIEWERS[name]));
  const text = "a channel is deleted by its creator, whose key must be proven, or with a hub key of scope admin";
  expect(texts.map((why) => why?.error)).toEqual([undefined, text, text, undefined]);
});
