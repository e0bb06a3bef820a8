/** When the tool beside a model wakes it, and when it does not. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Message } from "../../src/client/index.ts";
import { Attention } from "../../src/cli/push/attention.ts";
import { isClaudeChannel } from "../../src/cli/push/claude.ts";
import { codexThread } from "../../src/cli/push/codex.ts";

function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    id: `msg-${seq}`,
    channel_id: "ch-1",
    seq,
    from: "bravo",
    from_name: "BRAVO",
    text: "look",
    timestamp: "2026-01-02T03:04:05.000Z",
    msg_type: "text",
    verified: false,
    mentions: ["alpha"],
    ...more,
  };
}

test("[HST3] only what is addressed to the agent wakes it: not talk, not its own words, not the hub's", () => {
  const attention = new Attention("alpha");
  attention.hear(message(1, { mentions: undefined }));
  attention.hear(message(2, { mentions: ["carol"] }));
  attention.hear(message(3, { from: "alpha" }));
  attention.hear(message(4, { msg_type: "system" }));
  expect([attention.wanted, attention.next(0)]).toEqual([[], undefined]);
  attention.hear(message(5));
  expect([attention.wanted, attention.next(0), attention.isDue("ch-1", 0)]).toEqual([["ch-1"], 0, true]);
});

test("[HST3] a model in a call is left alone, and what the call has shown it wakes nobody", () => {
  const attention = new Attention("alpha");
  attention.call();
  attention.hear(message(5));
  expect([attention.next(1000), attention.isDue("ch-1", 1000)]).toEqual([undefined, false]);
  attention.shown("ch-1", 5);
  attention.answered(true, 2000);
  expect(attention.next(2000)).toBeUndefined();
});

test("[HST3] what came in a call that did not show it wakes a moment after: longer where it listened", () => {
  for (const [hasListened, moment] of [
    [false, 300],
    [true, 3000],
  ] as const) {
    const attention = new Attention("alpha");
    attention.call();
    attention.hear(message(5));
    attention.answered(hasListened, 2000);
    expect(attention.next(2000)).toBe(moment);
    expect(attention.isDue("ch-1", 2000 + moment - 1)).toBe(false);
    expect(attention.isDue("ch-1", 2000 + moment)).toBe(true);
  }
});

test("[HST3] two calls at once are both waited for", () => {
  const attention = new Attention("alpha");
  attention.call();
  attention.call();
  attention.hear(message(5));
  attention.answered(false, 0);
  expect(attention.isDue("ch-1", 5000)).toBe(false);
  attention.answered(false, 5000);
  expect(attention.isDue("ch-1", 5300)).toBe(true);
});

test("[HST3] a wake that failed is tried again, later each time, and is not lost", () => {
  const attention = new Attention("alpha");
  attention.hear(message(5));
  let now = 0;
  for (const pause of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    expect(attention.isDue("ch-1", now)).toBe(true);
    attention.failed("ch-1", now);
    expect(attention.next(now)).toBe(pause);
    now += pause;
  }
  attention.failed("ch-2", now);
  expect(attention.wanted).toEqual(["ch-1"]);
});

test("[HST3] whatever happens in whatever order, each message for the agent stays wanted until it was shown", () => {
  const event = fc.oneof(
    fc.record({ type: fc.constant("hear" as const), channel: fc.constantFrom("ch-1", "ch-2"), isMine: fc.boolean() }),
    fc.record({ type: fc.constantFrom("call" as const, "answered" as const) }),
    fc.record({ type: fc.constantFrom("shown" as const, "failed" as const), channel: fc.constantFrom("ch-1", "ch-2") }),
  );
  const check = fc.property(fc.array(event, { maxLength: 40 }), (events) => {
    const attention = new Attention("alpha");
    const open = new Map<string, number>();
    let calls = 0;
    for (const [seq, one] of events.entries()) {
      if (one.type === "hear") {
        attention.hear(message(seq, { channel_id: one.channel, ...(!one.isMine && { mentions: [] }) }));
        if (one.isMine) open.set(one.channel, seq);
      } else if (one.type === "shown") {
        attention.shown(one.channel, seq);
        open.delete(one.channel);
      } else if (one.type === "failed") attention.failed(one.channel, seq);
      else if (one.type === "call") {
        attention.call();
        calls++;
      } else if (calls > 0) {
        attention.answered(false, seq);
        calls--;
      }
      expect(new Set(attention.wanted)).toEqual(new Set(open.keys()));
      // A day later nothing is held back but by a call.
      for (const id of open.keys()) expect(attention.isDue(id, 86_400_000)).toBe(calls === 0);
    }
  });
  fc.assert(check, { numRuns: 300 });
});

test("a session of Codex is taken from a call's _meta, and never for an option of its command", () => {
  expect(codexThread({ threadId: "0199a213-81c0-7800-8aa1-bbab2a035a53" })).toBe(
    "0199a213-81c0-7800-8aa1-bbab2a035a53",
  );
  for (const threadId of ["--config=evil", "-c", "", 7, null, undefined, "a b c d e f g h", "x".repeat(65)])
    expect(codexThread({ threadId })).toBeUndefined();
  expect(codexThread(undefined)).toBeUndefined();
  // What is queued for `codex exec`, which ends with its turn, would be told to nobody.
  const exec = { threadId: "0199a213-81c0-7800-8aa1-bbab2a035a53", "x-codex-turn-metadata": { turn_trigger: "exec" } };
  expect(codexThread(exec)).toBeUndefined();
});

test("Claude Code is pushed to where it was started with this server among its channels, and nowhere else", () => {
  for (const args of [
    ["claude", "--channels", "server:hub"],
    ["claude", "--channels=server:hub"],
    ["node", "claude", "--dangerously-load-development-channels", "server:other,server:hub", "-p"],
  ])
    expect(isClaudeChannel("hub", args)).toBe(true);
  for (const args of [[], ["claude", "server:hub"], ["claude", "--channels", "server:hubs"], ["claude", "--channels"]])
    expect(isClaudeChannel("hub", args)).toBe(false);
});
