/** [GRD2] What those who may can do to a channel: kick, pause, resume, each as a system message. */
import { expect, test } from "vitest";
import type { Caller } from "../../src/channel/index.ts";
import type { ModerationCommand } from "../../src/protocol/index.ts";
import { ChannelFixture, refusalOf } from "../support/channel-fixture.ts";

const ADMIN: Caller = { key: "boss", verified: false, name: "Boss", admin: true };
const MINUTE = 60_000;

function members(): ChannelFixture {
  const channel = new ChannelFixture();
  channel.join("bravo", "BRAVO");
  channel.join("carol", "Carol");
  return channel;
}

const kick = (target: string, minutes = 60): ModerationCommand => ({ action: "kick", target, minutes });

const ALL: readonly ModerationCommand[] = [
  kick("bravo"),
  { action: "pause" },
  { action: "resume" },
  { action: "guard_reset" },
];

test("[GRD2] only an admin or the creator, once proven, may moderate", () => {
  for (const command of ALL) {
    const channel = members();
    const callers: readonly Caller[] = [
      { key: "alpha", verified: false },
      { key: "bravo", verified: true },
      { key: "carol", verified: false, admin: false },
    ];
    for (const caller of callers) {
      expect(refusalOf(channel.do(caller, command))).toBe(
        "forbidden only an admin of the hub, or the proven creator of ch-7, may do this",
      );
    }
    expect(channel.do(ADMIN, command).type).toBe("done");
    expect(members().do({ key: "alpha", verified: true }, command).type).toBe("done");
  }
});

test("[GRD2] a kick is a message to all, the kicked included, and its last", () => {
  const channel = members();
  const outcome = channel.do(ADMIN, kick("BRAVO", 5));
  expect(channel.last()).toMatchObject({
    text: "BRAVO was removed from the channel for 5 min by Boss",
    msg_type: "system",
    event: { kind: "kick", key: "bravo", name: "BRAVO" },
  });
  expect(outcome.entry?.members.has("bravo")).toBe(true);
  expect(outcome).toMatchObject({ closes: { key: "bravo", refusal: { code: "forbidden" } } });
  expect(channel.state.members.has("bravo")).toBe(false);
});

test("[GRD2] who was kicked may not join until its time is over, also after a sleep", () => {
  const channel = members();
  channel.do(ADMIN, kick("bravo", 5));
  channel.reload();
  channel.now += 5 * MINUTE - 1;
  expect(refusalOf(channel.join("bravo"))).toBe(
    "forbidden you were removed from ch-7 and may join again after 2026-01-02T03:09:05.678Z",
  );
  expect(refusalOf(channel.send("bravo", "still here"))).toContain("not_participant");
  channel.now += 1;
  expect(channel.join("bravo").type).toBe("joined");
  channel.leave("bravo");
  expect(channel.join("bravo").type).toBe("joined");
});

test("[GRD2] a second kick changes the time and says nothing; a stranger cannot be kicked", () => {
  const channel = members();
  channel.do(ADMIN, kick("bravo", 5));
  const { last_seq } = channel.state;
  expect(channel.do(ADMIN, kick("bravo", 1))).toMatchObject({ type: "done", seq: last_seq });
  channel.now += MINUTE;
  expect(channel.join("bravo").type).toBe("joined");
  expect(refusalOf(channel.do(ADMIN, kick("nobody")))).toContain(
    "bad_request target must be the key, or the name of just one",
  );
});

test("[GRD2] [MEM1] rows that only remembered a kick are forgotten once it is over", () => {
  const channel = members();
  channel.do(ADMIN, kick("bravo", 1));
  channel.now += MINUTE;
  channel.do(ADMIN, kick("carol", 1));
  expect([...channel.stored.keys()]).toEqual(["alpha", "carol"]);
});

test("[GRD2] in a paused channel nobody sends, comes or goes but an admin who is no agent; reads go on", () => {
  const channel = members();
  channel.do(ADMIN, { action: "pause" });
  expect(channel.last()).toMatchObject({
    text: "The channel was paused by Boss",
    event: { kind: "pause", key: "boss" },
  });
  channel.reload();
  expect(refusalOf(channel.send("bravo", "x"))).toBe("paused channel ch-7 is paused; wait until it is resumed");
  channel.join({ ...ADMIN, kind: "human" });
  expect(channel.send({ ...ADMIN, kind: "human" }, "calm down").type).toBe("sent");
  expect(channel.send({ ...ADMIN, kind: "agent" }, "me too").type).toBe("refused");
  expect(refusalOf(channel.join("dora"))).toBe("paused channel ch-7 is paused; wait until it is resumed");
  expect(channel.read("bravo", 3).type).toBe("read");
});

test("[GRD2] pausing twice and resuming what is not paused say nothing", () => {
  const channel = members();
  channel.do(ADMIN, { action: "resume" });
  channel.do(ADMIN, { action: "pause" });
  channel.do(ADMIN, { action: "pause" });
  channel.do(ADMIN, { action: "resume" });
  const events = channel.messages().map(({ event }) => event?.kind);
  expect(events).toEqual(["created", "join", "join", "pause", "resume"]);
  expect(channel.send("bravo", "again").type).toBe("sent");
});

test("[GRD2] what was done is told as it is, by whom, and stored with the settings", () => {
  const channel = members();
  const told = (command: ModerationCommand): unknown => {
    expect(channel.decide(ADMIN, command).type).toBe("done");
    expect(channel.state.unsaved.settings).toBe(true);
    channel.save();
    return [channel.last().text, channel.last().event];
  };
  expect(told({ action: "pause" })).toEqual([
    "The channel was paused by Boss",
    { kind: "pause", key: "boss", name: "Boss" },
  ]);
  expect(told({ action: "resume" })).toEqual([
    "The channel was resumed by Boss",
    { kind: "resume", key: "boss", name: "Boss" },
  ]);
  expect(told({ action: "guard_reset" })).toEqual([
    "The loop guard was reset by Boss",
    { kind: "guard_reset", key: "boss", name: "Boss" },
  ]);
  expect(channel.state.unsaved.settings).toBe(false);
});

test("[GRD2] [GRD1] after a reset agents have the whole run again, also after a wake", () => {
  const channel = new ChannelFixture({}, { HUB_LOOP_GUARD: 3 });
  const agent: Caller = { key: "agent-1", verified: false, kind: "agent" };
  channel.join(agent);
  for (let n = 0; n < 3; n++) channel.send(agent, "again");
  expect(refusalOf(channel.send(agent, "again"))).toContain("loop_guard");
  channel.do(ADMIN, { action: "guard_reset" });
  expect(channel.state.streak).toEqual({ count: 0, last_at: 0 });
  for (let n = 0; n < 3; n++) expect(channel.send(agent, "again").type).toBe("sent");
  channel.reload();
  expect(refusalOf(channel.send(agent, "again"))).toContain("loop_guard");
});

test("[GRD2] a target that nobody is, or several are, is refused with what it was and where to look", () => {
  const channel = members();
  channel.join("bravo-2", "BRAVO");
  const which: Record<string, string> = { BRAVO: "; BRAVO may be any of bravo, bravo-2: write key=bravo" };
  for (const target of ["nobody", "BRAVO", "all", "@all", "@"]) {
    expect(channel.do(ADMIN, kick(target)), target).toMatchObject({
      refusal: {
        code: "bad_request",
        error: `target must be the key, or the name of just one, participant, got ${target}${which[target] ?? ""}`,
        hint: "GET /api/channel/ch-7 lists the participants",
      },
    });
  }
  expect(channel.do(ADMIN, kick("@carol")).type).toBe("done");
});

test("[T6] [IDN2] a signed moderation counts once, also of one who is no participant, and after a sleep", () => {
  const channel = new ChannelFixture();
  const admin = { key: "a".repeat(64), verified: true, admin: true };
  const captured = { ...admin, nonce: "nonce-of-the-pause" };
  expect(channel.do(captured, { action: "pause" })).toMatchObject({ type: "done" });
  expect(channel.do({ ...admin, nonce: "another" }, { action: "resume" })).toMatchObject({ type: "done" });
  const replay = { type: "refused", refusal: { code: "replay" } };
  expect(channel.do(captured, { action: "pause" })).toMatchObject(replay);
  channel.reload();
  expect(channel.do(captured, { action: "pause" })).toMatchObject(replay);
  expect(channel.state.settings.paused).toBe(false);
});
