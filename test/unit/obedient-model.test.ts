/** HST2: a model that follows "Next:" to the letter answers each message once, whatever happens around it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { refusal } from "../../src/protocol/index.ts";
import { ALPHA, type Ask, asking } from "../support/ask-tool.ts";
import { lengthOf } from "../support/length.ts";
import { MemoryHub } from "../support/memory-hub.ts";
import { ObedientModel } from "../support/obedient-model.ts";

/** What happens between two steps of the model. */
type Event =
  /** Somebody asks something, in a channel. */
  | { readonly type: "ask"; readonly channel: number; readonly isForMe: boolean }
  /** Somebody says something long. */
  | { readonly type: "talk"; readonly channel: number }
  /** The model makes a call that nobody advised. */
  | { readonly type: "stray"; readonly call: number; readonly channel: number }
  /** The model answers before it follows "Next:". */
  | { readonly type: "reply"; readonly isReply: boolean }
  /** The model follows "Next:"; if `isLost`, the answer does not arrive and it does so again. */
  | { readonly type: "step"; readonly isLost: boolean }
  /** A send is refused for now. */
  | { readonly type: "refuse" };

const STRAY: readonly ((channel: string) => Readonly<Record<string, unknown>>)[] = [
  () => ({ action: "listen" }),
  (channel) => ({ action: "listen", channel }),
  () => ({ action: "listen", limit: 2 }),
  () => ({ action: "status" }),
  () => ({ action: "list" }),
  (channel) => ({ action: "who", channel }),
  (channel) => ({ action: "join", channel }),
  (channel) => ({ action: "history", channel }),
  (channel) => ({ action: "history", channel, limit: 3 }),
  (channel) => ({ action: "send", channel, text: "by the way" }),
];

const channel = fc.integer({ min: 1, max: 3 });
const EVENT: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("ask" as const), channel, isForMe: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("talk" as const), channel }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("stray" as const),
      call: fc.integer({ min: 0, max: STRAY.length - 1 }),
      channel,
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("reply" as const), isReply: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("step" as const),
      isLost: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: "refuse" as const }) },
);

interface Run {
  readonly isLive: boolean;
  readonly events: readonly Event[];
}

class Conversation {
  readonly hub: MemoryHub = new MemoryHub();
  readonly model: ObedientModel;
  readonly ask: Ask;
  readonly asked: string[] = [];
  #isLost = false;
  #wasLost = false;

  constructor(isLive: boolean) {
    for (const name of ["ops", "lab", "den"]) this.hub.make(name, "ALPHA", "BRAVO");
    this.ask = asking(this.hub, ALPHA, isLive);
    this.model = new ObedientModel(
      async (call) => {
        const cancelled = new AbortController();
        // Beside an agent, an answer is lost where the host cancels; elsewhere nobody tells.
        if (this.#isLost && isLive) cancelled.abort();
        const args = { ...call, ...(call["action"] === "listen" && { wait: 0 }) };
        const answer = await this.ask(args, { signal: cancelled.signal, budget: 4000 });
        return this.#isLost ? undefined : answer;
      },
      { action: "listen" },
    );
  }

  async take(event: Event): Promise<void> {
    if (event.type === "ask" || event.type === "talk") return this.#say(event);
    if (event.type === "step") return await this.#step(event.isLost);
    // One who missed an answer asks again before anything else.
    if (this.#wasLost) await this.#step(false);
    if (event.type === "stray") return void (await this.model.step(STRAY[event.call]?.(`ch-${event.channel}`)));
    if (event.type === "refuse") this.hub.failing.set("send", refusal("rate_limited", "too fast"));
    await this.model.reply(event.type === "reply" && event.isReply);
    this.hub.failing.clear();
  }

  #say(event: Extract<Event, { channel: number; call?: never }>): void {
    if (event.type === "talk") return void this.hub.say(`ch-${event.channel}`, "bravo", "word ".repeat(400));
    const id = `q${this.asked.length + 1}`;
    this.asked.push(id);
    this.hub.say(`ch-${event.channel}`, "bravo", `${event.isForMe ? "@ALPHA " : ""}question ${id}`);
  }

  /** Of two in a row that are lost, nobody can tell that they did not arrive. */
  async #step(isLost: boolean): Promise<void> {
    this.#isLost = isLost && !this.#wasLost && this.model.next["action"] === "listen";
    await this.model.step();
    [this.#wasLost, this.#isLost] = [this.#isLost, false];
  }
}

async function run({ isLive, events }: Run): Promise<Conversation> {
  const conversation = new Conversation(isLive);
  const { model } = conversation;
  for (const event of events) await conversation.take(event);
  for (let rest = 0; rest < 60; rest++) {
    await model.step();
    while (model.isBusy) await model.reply(false);
  }
  return conversation;
}

/** An answer that was lost came again with no room for all of it; then the model acted. */
const step = (isLost: boolean): Event => ({ type: "step", isLost });
const asks = (at: number): Event => ({ type: "ask", channel: at, isForMe: false });
const LOST_AND_CROWDED: readonly Event[][] = [
  [asks(2), step(true), { type: "talk", channel: 1 }, { type: "stray", call: 3, channel: 1 }],
  [asks(2), step(true), { type: "reply", isReply: false }, asks(2), asks(1), step(true), { type: "talk", channel: 1 }],
  [asks(3), step(false), asks(3), step(true), { type: "talk", channel: 1 }],
];

test.each([true, false])(
  "[HST2] each question is answered exactly once, connected between calls: %s",
  async (isLive) => {
    await fc.assert(
      fc.asyncProperty(fc.array(EVENT, { maxLength: 60 }), async (events) => {
        const { asked, model, ask } = await run({ isLive, events });
        expect(model.answered.toSorted()).toEqual(asked.toSorted());
        expect(await ask({ action: "status" })).not.toMatch(/[1-9]\d* unread/);
      }),
      {
        examples: LOST_AND_CROWDED.map((events) => [events]),
        numRuns: Number(process.env["RUNS"] ?? lengthOf({ short: 50, long: 150 })),
        seed: Number(process.env["SEED"] ?? Date.now() % 1_000_000),
      },
    );
  },
);
