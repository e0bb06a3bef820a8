/**
 * Plays a script on a channel and on the model, and throws where they part. What it asks of the
 * channel it yields, so that the same play drives the pure rules, an object and a stub.
 */
import type { Caller, HistoryQuery, Wanted } from "../../../src/channel/index.ts";
import { type Change, type Gap, type Message } from "../../../src/protocol/index.ts";
import { ModelChannel, type ModelMessage, type ModelOptions, type ModelRow } from "./model-channel.ts";
import type { Script, Step } from "./script.ts";

/** What a player asks of a channel. */
export type Ask =
  | { readonly ask: "change"; readonly who: Caller; readonly command: Change }
  | { readonly ask: "history"; readonly query: HistoryQuery }
  | { readonly ask: "listen"; readonly caller: Caller; readonly query: Wanted }
  | { readonly ask: "clock"; readonly now: number }
  /** `save`: the turn ends. `reload`: the channel sleeps and wakes. `crash`: it wakes without its open turn. */
  | { readonly ask: "save" | "reload" | "crash" }
  /** The same command so many times, all in one turn. */
  | { readonly ask: "fill"; readonly count: number; readonly who: Caller; readonly command: Change }
  | { readonly ask: "rows" };

/** A page or a listen's answer, as the channel gives it. */
export interface Page {
  readonly messages: readonly Message[];
  readonly gap: Gap | null;
  readonly complete?: boolean;
  readonly first_seq?: number;
  readonly last_seq?: number;
  readonly next?: number;
  readonly own?: number;
  readonly others?: number;
  readonly more?: boolean;
}

export type Answer =
  /** `done 7`, `sent 7 again`, or the code of a refusal. */
  string | Page | readonly Row[] | undefined;

export type Row = { readonly key: string } & Omit<ModelRow, "named">;

export interface PlayOptions extends ModelOptions {
  /** Whether several commands share a turn, which a crash loses. */
  readonly hasTurns: boolean;
}

export type Play = Generator<Ask, number, Answer>;

/** Plays the whole script; gives the number of its steps. */
export function* play({ messages, steps }: Script, options: PlayOptions): Play {
  const player = new Player(options);
  yield* player.fill(messages);
  for (const step of steps) yield* player.step(step);
  yield* player.finish();
  return steps.length;
}

/** Steps that are commands. */
type ChangeStep = Extract<Step, { readonly who: Caller }>;

/** An id is kept this long; see `#setClock`. */
const FIVE_MINUTES = 300_000;

class Player {
  readonly #model: ModelChannel;
  readonly #options: PlayOptions;

  constructor(options: PlayOptions) {
    this.#model = new ModelChannel(options);
    this.#options = options;
  }

  *fill(count: number): Generator<Ask, void, Answer> {
    const [who, text] = [{ key: "alpha", verified: false }, "one"];
    for (let sent = 0; sent < count; sent++) this.#model.send(who, { text });
    yield { ask: "fill", count, who, command: { action: "send", msg_type: "text", text } };
    yield* this.end("save");
  }

  *step(step: Step): Generator<Ask, void, Answer> {
    switch (step.step) {
      case "history":
        return yield* this.#history(step);
      case "listen":
        return yield* this.#listen(step);
      case "clock":
        return yield* this.#setClock(step.by);
      case "save":
      case "reload":
      case "crash":
        return yield* this.end(step.step);
      default:
        return yield* this.#change(step);
    }
  }

  /** In the end the two are the same channel, as storage has it. */
  *finish(): Generator<Ask, void, Answer> {
    yield* this.end("reload");
    yield* this.#history({ step: "history", limit: 1000, after: 1000, before: undefined, epoch: undefined });
    const rows = [...((yield { ask: "rows" }) as readonly Row[])];
    const people = [...this.#model.people].map(([key, row]) => ({ key, ...row }));
    same(rows.map(rowLine).toSorted(), people.map(rowLine).toSorted());
  }

  *end(how: "save" | "reload" | "crash"): Generator<Ask, void, Answer> {
    if (how === "crash") this.#model.crash();
    else this.#model.save();
    yield { ask: how };
  }

  *#change(step: ChangeStep): Generator<Ask, void, Answer> {
    const [command, expected] = this.#decide(step);
    const answer = yield { ask: "change", who: step.who, command };
    same(answer, expected);
    if (!this.#options.hasTurns) this.#model.save();
  }

  #decide(step: ChangeStep): [Change, string] {
    const { who } = step;
    switch (step.step) {
      case "send": {
        const { name, text, id, to, reply } = step;
        const reply_to = reply === undefined ? undefined : Math.max(1, this.#model.last - reply);
        const content = {
          text,
          ...(name !== undefined && { name }),
          ...(to && { to }),
          ...(reply_to !== undefined && { reply_to }),
        };
        const command = {
          action: "send",
          msg_type: "text",
          ...content,
          ...(id !== undefined && { client_msg_id: id }),
        } as const;
        return [command, this.#model.send(who, { ...content, id })];
      }
      case "join":
        return [{ action: "join", name: step.name }, this.#model.join(who, step.name)];
      case "leave":
        return [{ action: "leave" }, this.#model.leave(who)];
      case "read": {
        const seq = Math.max(0, this.#model.last - step.back);
        return [{ action: "read", seq }, this.#model.read(who, seq)];
      }
      case "kick": {
        const { target, minutes } = step;
        return [{ action: "kick", target, minutes }, this.#model.kick(who, target, minutes)];
      }
      case "pause":
      case "resume":
        return [{ action: step.step }, this.#model.pause(who, step.step === "pause")];
      case "guard_reset":
        return [{ action: "guard_reset" }, this.#model.resetGuard(who)];
    }
  }

  *#history({ limit, epoch, ...asked }: Extract<Step, { step: "history" }>): Generator<Ask, void, Answer> {
    yield* this.end("save");
    const query = {
      limit,
      epoch: this.#epoch(epoch),
      after: this.#back(asked.after, 0),
      before: this.#back(asked.before, 1),
    };
    const page = (yield { ask: "history", query }) as Page;
    const expected = this.#model.history(query);
    const { first, last } = this.#model;
    const line = [expected.gap, expected.complete, first, last];
    same([page.gap, page.complete, page.first_seq, page.last_seq], line);
    this.#sameMessages(page.messages, expected.messages);
  }

  *#listen({ key, limit, epoch, for: wanted, after }: Extract<Step, { step: "listen" }>): Generator<Ask, void, Answer> {
    yield* this.end("save");
    const caller = { key, verified: false };
    const query = { limit, for: wanted, epoch: this.#epoch(epoch), after: this.#back(after, 0) };
    const answer = (yield { ask: "listen", caller, query }) as Page | string;
    const expected = this.#model.listen({ ...query, ...caller });
    this.#model.save();
    if (typeof expected === "string" || typeof answer === "string") return same(answer, expected);
    const { next, own, others, gap } = expected;
    same(
      [answer.next, answer.own, answer.others, answer.more, answer.gap],
      [next, own, others, next < this.#model.last, gap],
    );
    this.#sameMessages(answer.messages, expected.messages);
  }

  #epoch(epoch: "own" | "another" | undefined): string | undefined {
    return epoch === "own" ? this.#options.epoch : epoch;
  }

  #back(back: number | undefined, least: number): number | undefined {
    return back === undefined ? undefined : Math.max(least, this.#model.last - back);
  }

  /**
   * The clock goes back as well as forward, but never to a time at which an id that had run out
   * would count again. A turn has one time, so the step ends it.
   */
  *#setClock(by: number): Generator<Ask, void, Answer> {
    yield* this.end("save");
    const model = this.#model;
    const ranOut = model.messages.findLast(({ ts }) => ts < model.now - FIVE_MINUTES)?.ts ?? -Infinity;
    model.now = Math.max(model.now + by, ranOut + FIVE_MINUTES + 1);
    yield { ask: "clock", now: model.now };
  }

  #sameMessages(messages: readonly Message[], expected: readonly ModelMessage[]): void {
    same(
      messages.map(messageLine),
      expected.map((one) => this.#modelLine(one)),
    );
  }

  #modelLine(one: ModelMessage): string {
    const { seq, ts, from, name, verified, id, reply_to, mentions, text } = one;
    const time = new Date(ts).toISOString();
    return [
      seq,
      this.#model.idOf(one),
      time,
      from,
      name,
      verified,
      id,
      reply_to,
      mentions.toSorted().join(),
      text,
    ].join(" ");
  }
}

/** Mentions have no order. */
function messageLine({ seq, id, timestamp, from, from_name, verified, ...more }: Message): string {
  const { client_msg_id, reply_to, mentions = [], text } = more;
  return [
    seq,
    id,
    timestamp,
    from,
    from_name,
    verified,
    client_msg_id,
    reply_to,
    mentions.toSorted().join(),
    text,
  ].join(" ");
}

function rowLine({ key, name, kind, member, verified, read_seq, kicked_until }: Row): string {
  return [key, name, kind, member, verified, read_seq, kicked_until].join(" ");
}

/** Throws with both where they differ; no longer than a screen. */
function same(actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a === b) return;
  let from = 0;
  while (a?.[from] === b?.[from]) from++;
  const around = (text = ""): string => text.slice(Math.max(0, from - 200), from + 300);
  throw new Error(`the channel says\n  ${around(a)}\nand the model\n  ${around(b)}`);
}
