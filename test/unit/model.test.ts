/**
 * Random scripts, played on the channel and on a reference model: [ORD1] [DUR3] [SOC2] [LIS3] hold
 * whatever the order. A failure prints the seed and the smallest script that fails.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Caller, Outcome } from "../../src/channel/index.ts";
import type { Message } from "../../src/protocol/index.ts";
import { ChannelFixture, messageIn, messagesOf, sendOf, START } from "../support/channel-fixture.ts";
import { type ModelAnswer, ModelChannel, type ModelMessage, type ModelSend } from "../support/model.ts";

const SCRIPTS = 2000;
/** An id is kept this long; see `setClock`. */
const FIVE_MINUTES = 300_000;

/** One of `values`, absent in so many of ten cases. */
function optional<T>(absent: number, values: readonly T[]): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { weight: absent, arbitrary: fc.constant(undefined) },
    { weight: 10 - absent, arbitrary: fc.constantFrom(...values) },
  );
}
const who: fc.Arbitrary<Caller> = fc.constantFrom(
  { key: "alpha", verified: false },
  { key: "bravo", verified: false },
  { key: "bravo", verified: true },
  { key: "carol", verified: true },
);
/** Counted back from the newest message: near it, at the ring's end, and ahead of it. */
const OFFSETS = [0, 1, 2, 3, 7, 50, 51, 64, 65, 998, 999, 1000, 1001, 1002, 1150, -1, -2];
const name = optional(7, ["Alpha", "Bravo"]);

const send = fc.record({
  step: fc.constant("send" as const),
  who,
  name,
  text: fc.constantFrom("one", "one", "one", "two"),
  id: optional(2, ["i", "j"]),
  to: optional(8, [["bravo"], []]),
  reply: optional(8, [0, 1, 999, 1000, -1]),
});
const history = fc.record({
  step: fc.constant("history" as const),
  limit: fc.constantFrom(1, 2, 50, 51, 200, 1000),
  after: optional(2, OFFSETS),
  before: optional(7, OFFSETS),
  epoch: optional(7, ["epoch-1", "epoch-1", "another"]),
});
const step = fc.oneof(
  { weight: 8, arbitrary: send },
  { weight: 3, arbitrary: history },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("join" as const), who, name }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("leave" as const), who }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("read" as const), who, back: fc.constantFrom(...OFFSETS) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      step: fc.constant("clock" as const),
      by: fc.constantFrom(1, 1000, 60_000, 299_999, 300_001, -1, -60_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constantFrom("save" as const, "reload" as const, "crash" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
/** Messages a channel begins with: most are small, some about to evict or evicting. */
const beginning = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.constantFrom(60, 990, 1001, 1200) },
);

class Pair {
  readonly real = new ChannelFixture();
  readonly model = new ModelChannel(START);

  constructor(messages: number) {
    for (let n = 0; n < messages; n++) this.#send(FILLER);
    this.real.save();
    this.model.save();
  }

  play(one: Step): void {
    switch (one.step) {
      case "send":
        return this.#send(one);
      case "join":
        return this.#same(
          this.real.decide(one.who, { action: "join", name: one.name }),
          this.model.join(one.who, one.name),
        );
      case "leave":
        return this.#same(this.real.decide(one.who, { action: "leave" }), this.model.leave(one.who));
      case "read": {
        const seq = Math.max(0, this.#last - one.back);
        return this.#same(this.real.decide(one.who, { action: "read", seq }), this.model.read(one.who, seq));
      }
      case "history":
        return this.#history(one);
      case "clock":
        return this.#setClock(one.by);
      default:
        return this.#end(one.step);
    }
  }

  get #last(): number {
    return this.model.messages.length;
  }

  #send({ who: caller, reply, ...content }: Extract<Step, { step: "send" }>): void {
    const reply_to = reply === undefined ? undefined : Math.max(1, this.#last - reply);
    const asked: ModelSend = { text: content.text, name: content.name, id: content.id, to: content.to, reply_to };
    const command = sendOf(asked.text, {
      name: asked.name,
      client_msg_id: asked.id,
      to: content.to && [...content.to],
      reply_to,
    });
    this.#same(this.real.decide(caller, command), this.model.send(caller, asked));
  }

  /** The two agree on the answer, the channel's length and the recipients. */
  #same(outcome: Outcome, expected: ModelAnswer): void {
    const { last_seq } = this.real.state;
    if (answerOf(outcome) !== expected || last_seq !== this.#last)
      expect([answerOf(outcome), last_seq]).toEqual([expected, this.#last]);
    const members = this.model.members();
    if (this.real.state.members.size !== members.length) expect([...this.real.state.members]).toEqual(members);
    if (members.some((key) => !this.real.state.members.has(key))) expect([...this.real.state.members]).toEqual(members);
  }

  #history({ limit, epoch, ...asked }: Extract<Step, { step: "history" }>): void {
    this.#end("save");
    const after = asked.after === undefined ? undefined : Math.max(0, this.#last - asked.after);
    const before = asked.before === undefined ? undefined : Math.max(1, this.#last - asked.before);
    const answer = this.real.history({ limit, after, before, epoch });
    const expected = this.model.history({ limit, after, before, epoch });
    const { gap, complete, first_seq, last_seq } = answer.meta;
    expect([gap, complete, first_seq, last_seq]).toEqual([
      expected.gap,
      expected.complete,
      this.model.first,
      this.#last,
    ]);
    sameLines(messagesOf(answer), expected.data);
  }

  /**
   * The clock goes back as well as forward, but never to a time at which an id that had run out
   * would count again.
   */
  #setClock(by: number): void {
    const ranOut = this.model.messages.findLast(({ ts }) => ts < this.model.now - FIVE_MINUTES)?.ts ?? -Infinity;
    this.model.now = Math.max(this.model.now + by, ranOut + FIVE_MINUTES + 1);
    this.real.now = this.model.now;
  }

  #end(how: "save" | "reload" | "crash"): void {
    this.real[how]();
    if (how === "crash") this.model.crash();
    else this.model.save();
  }

  /** In the end the two are the same channel, as storage has it. */
  finish(): void {
    this.#end("reload");
    sameLines(this.real.messages(), this.model.history({ limit: 1000, after: 0 }).data);
    const rows = [...this.real.stored.values()].map(({ key, name: known, member, verified, read_seq }) => ({
      key,
      name: known,
      member,
      verified,
      read_seq,
    }));
    const people = [...this.model.people].map(([key, row]) => ({ key, ...row }));
    const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);
    expect(rows.toSorted(byKey)).toEqual(people.toSorted(byKey));
  }
}

const FILLER: Extract<Step, { step: "send" }> = {
  step: "send",
  who: { key: "alpha", verified: false },
  text: "one",
  name: undefined,
  id: undefined,
  to: undefined,
  reply: undefined,
};

function answerOf(outcome: Outcome): ModelAnswer {
  if (outcome.type === "refused") return outcome.refusal.code;
  if (outcome.type === "sent") return `sent ${messageIn(outcome).seq}${outcome.duplicate ? " again" : ""}`;
  return `${outcome.type} ${outcome.seq}`;
}

/** Messages and the model's, compared as lines: what a failure shows is then a diff. */
function sameLines(messages: readonly Message[], expected: readonly ModelMessage[]): void {
  const lines = messages.map((one) =>
    [
      one.seq,
      one.id,
      one.timestamp,
      one.from,
      one.from_name,
      one.verified,
      one.client_msg_id,
      one.reply_to,
      one.text,
    ].join(" "),
  );
  const wanted = expected.map((one) =>
    [
      one.seq,
      idOf(one),
      new Date(one.ts).toISOString(),
      one.from,
      one.name,
      one.verified,
      one.id,
      one.reply_to,
      one.text,
    ].join(" "),
  );
  if (lines.join("\n") !== wanted.join("\n")) expect(lines).toEqual(wanted);
}

function idOf({ ts, seq }: ModelMessage): string {
  return `msg-${ts}-7${String(seq).padStart(12, "0")}`;
}

test("[ORD1] [DUR3] [SOC2] [LIS3] the channel does what the model does, whatever it is asked", () => {
  const scripts = fc.array(step, { maxLength: 60, size: "max" });
  const property = fc.property(beginning, scripts, (messages, script) => {
    const pair = new Pair(messages);
    for (const one of script) pair.play(one);
    pair.finish();
  });
  fc.assert(property, { numRuns: SCRIPTS });
});
