/** [GRD1] The loop guard: agents that only answer each other are slowed down, people never. */
import { expect, test } from "vitest";
import type { Caller } from "../../src/channel/index.ts";
import type { Kind } from "../../src/protocol/index.ts";
import { ChannelFixture, refusalOf, sent } from "../support/channel-fixture.ts";

const LIMIT = 6;
const as = (key: string, kind?: Kind): Caller => ({ key, verified: false, kind });
const ALPHA = as("alpha", "agent");
const BRAVO = as("bravo", "agent");
const CAROL = as("carol", "human");

function members(limit: number = LIMIT): ChannelFixture {
  const channel = new ChannelFixture({}, { HUB_LOOP_GUARD: limit });
  for (const who of [ALPHA, BRAVO, CAROL, as("dora")]) channel.join(who);
  return channel;
}

/** Sends by turns until one is refused; gives how many passed. */
function runRing(channel: ChannelFixture, ring: readonly Caller[], most = 1000): number {
  for (let passed = 0; passed < most; passed++) {
    const outcome = channel.send(ring[passed % ring.length] ?? ALPHA, `turn ${passed}`);
    if (outcome.type === "refused") return passed;
  }
  return most;
}

test.each([1, 2, 3, 5])(
  "[T13] [GRD1] a ring of %s agents stops at the limit, with or without sleep between",
  (length) => {
    for (const sleeps of [false, true]) {
      const channel = members();
      const ring = Array.from({ length }, (_, at) => as(`ring-${at}`, "agent"));
      for (const who of ring) channel.join(who);
      if (sleeps) {
        for (let passed = 0; passed < LIMIT; passed++) {
          expect(channel.send(ring[passed % length] ?? ALPHA, "x").type).toBe("sent");
          channel.reload();
        }
      }
      expect(runRing(channel, ring)).toBe(sleeps ? 0 : LIMIT);
    }
  },
);

test("[GRD1] the refusal says what to do, and one message passes every 30 s", () => {
  const channel = members();
  runRing(channel, [ALPHA, BRAVO]);
  channel.now += 10_000;
  const outcome = channel.send(BRAVO, "more");
  expect(refusalOf(outcome)).toContain(`loop_guard ${LIMIT} messages of agents in a row, the guard stands at ${LIMIT}`);
  expect(refusalOf(outcome)).toContain("or wait 20 s");
  expect(outcome).toMatchObject({ refusal: { retry_after_ms: 20_000, hint: expect.stringContaining("guard-reset") } });
  channel.now += 20_000;
  expect(channel.send(BRAVO, "more").type).toBe("sent");
  expect(channel.send(ALPHA, "and more").type).toBe("refused");
});

test("[GRD1] after a wake only the agents' messages since somebody else's count", () => {
  const channel = members();
  runRing(channel, [ALPHA, BRAVO]);
  channel.send(CAROL, "go on");
  channel.send(ALPHA, "one");
  channel.reload();
  expect(sent(channel.send(BRAVO, "two")).guard).toEqual({ limit: LIMIT, left: LIMIT - 2 });
});

test("[GRD1] a message of a person, of a service or of somebody undeclared sets the count to 0", () => {
  for (const other of [CAROL, as("sara", "service"), as("dora")]) {
    const channel = members();
    channel.join(other);
    runRing(channel, [ALPHA, BRAVO]);
    expect(channel.send(other, "go on").type).toBe("sent");
    expect(runRing(channel, [ALPHA, BRAVO])).toBe(LIMIT);
  }
});

test("[GRD1] people are never held up, and an exchange with a person in it runs undisturbed", () => {
  const channel = members();
  runRing(channel, [ALPHA]);
  for (let said = 0; said < 20; said++) expect(channel.send(CAROL, "hm").type).toBe("sent");
  expect(runRing(channel, [ALPHA, BRAVO, ALPHA, CAROL], 200)).toBe(200);
});

test("[GRD1] an answer to a person passes, though not for ever on the same question", () => {
  const channel = members();
  channel.send(CAROL, "how far are you?");
  const reply_to = channel.last().seq;
  runRing(channel, [ALPHA, BRAVO]);
  const answers = Array.from({ length: 20 }, () => channel.send(ALPHA, "done", { reply_to }).type);
  expect(answers.filter((type) => type === "sent")).toHaveLength(LIMIT);
  expect(channel.send(BRAVO, "me too", { reply_to: reply_to + 1 }).type).toBe("refused");
});

test("[GRD1] every ack to a declared agent tells what is left; others are told nothing", () => {
  const channel = members();
  expect(sent(channel.send(ALPHA, "one")).guard).toEqual({ limit: LIMIT, left: LIMIT - 1 });
  expect(sent(channel.send(BRAVO, "two")).guard).toEqual({ limit: LIMIT, left: LIMIT - 2 });
  expect(sent(channel.send(CAROL, "three")).guard).toBeUndefined();
  expect(sent(channel.send(as("bravo"), "declared when it joined")).guard).toEqual({ limit: LIMIT, left: LIMIT - 1 });
});

test("[GRD1] a duplicate is acked whatever the guard says", () => {
  const channel = members();
  channel.send(ALPHA, "once", { client_msg_id: "a-1" });
  runRing(channel, [ALPHA, BRAVO]);
  expect(sent(channel.send(ALPHA, "once", { client_msg_id: "a-1" })).duplicate).toBe(true);
});

test("[GRD1] 0 switches it off", () => {
  expect(runRing(members(Infinity), [ALPHA, BRAVO], 300)).toBe(300);
  expect(sent(members(Infinity).send(ALPHA, "x")).guard).toBeUndefined();
});

test("[GRD1] guard-reset sets the count to 0, also after a sleep", () => {
  const channel = members();
  runRing(channel, [ALPHA, BRAVO]);
  expect(channel.do({ ...CAROL, admin: true }, { action: "guard_reset" })).toMatchObject({ type: "done" });
  channel.reload();
  expect(runRing(channel, [ALPHA, BRAVO])).toBe(LIMIT);
});
