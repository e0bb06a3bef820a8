/**
 * A channel as simply as it can be said: one array of messages, one map of people, every answer
 * searched for anew. The reference that random scripts compare the real one with; it takes only types
 * from it. Texts are short, so that no page is bounded by its bytes.
 */
import type { HistoryQuery } from "../../src/channel/index.ts";
import type { Gap } from "../../src/protocol/index.ts";

export interface Person {
  readonly key: string;
  readonly verified: boolean;
}

export interface ModelSend {
  readonly text: string;
  readonly name: string | undefined;
  readonly id: string | undefined;
  readonly to: readonly string[] | undefined;
  readonly reply_to: number | undefined;
}

/** A message, with what is remembered of the send that made it. */
export interface ModelMessage extends ModelSend {
  readonly seq: number;
  readonly ts: number;
  readonly from: string;
  readonly verified: boolean;
}

interface Row {
  readonly name: string;
  readonly member: boolean;
  readonly verified: boolean;
  readonly read_seq: number;
}

/** What a command comes to: one line. */
export type ModelAnswer = string;

const FIVE_MINUTES = 300_000;
const RING = 1000;

export class ModelChannel {
  messages: ModelMessage[] = [];
  people: Map<string, Row> = new Map();
  now: number;
  #saved: { count: number; people: Map<string, Row> } = { count: 0, people: new Map() };

  constructor(now: number) {
    this.now = now;
    this.people.set("alpha", { name: "ALPHA", member: true, verified: false, read_seq: 1 });
    this.#say("Channel 'ops' created by ALPHA");
    this.save();
  }

  get first(): number {
    return Math.max(1, this.messages.length - RING + 1);
  }

  members(): string[] {
    return [...this.people].filter(([, row]) => row.member).map(([key]) => key);
  }

  join({ key, verified }: Person, name: string | undefined): ModelAnswer {
    if (!this.#mayBe({ key, verified })) return "identity_mismatch";
    const row = this.people.get(key);
    if (row?.member) this.#meet({ key, verified }, name);
    else {
      const read_seq = this.messages.length + 1;
      this.people.set(key, {
        name: name ?? row?.name ?? key,
        member: true,
        verified: verified || row?.verified === true,
        read_seq,
      });
      this.#say(`${this.people.get(key)?.name} joined the channel`);
    }
    return `joined ${this.messages.length}`;
  }

  leave({ key, verified }: Person): ModelAnswer {
    if (!this.#mayBe({ key, verified })) return "identity_mismatch";
    const row = this.people.get(key);
    if (!row?.member) return "not_participant";
    this.#say(`${row.name} left the channel`);
    if (row.verified) this.people.set(key, { ...row, member: false });
    else this.people.delete(key);
    return `left ${this.messages.length}`;
  }

  send(who: Person, send: ModelSend): ModelAnswer {
    if (!this.#mayBe(who)) return "identity_mismatch";
    const mine = this.messages.filter(
      (one) => one.id !== undefined && one.from === who.key && one.verified === who.verified,
    );
    const first = mine.findLast((one) => one.id === send.id && one.ts >= this.now - FIVE_MINUTES);
    if (first !== undefined)
      return contentOf(first) === contentOf(send) ? `sent ${first.seq} again` : "idempotency_conflict";
    if (!this.people.get(who.key)?.member) return "not_participant";
    const { reply_to } = send;
    if (reply_to !== undefined && (reply_to < this.first || reply_to > this.messages.length)) return "bad_request";
    this.#meet(who, send.name);
    this.#add({ ...send, name: this.people.get(who.key)?.name, from: who.key, verified: who.verified });
    return `sent ${this.messages.length}`;
  }

  read({ key, verified }: Person, seq: number): ModelAnswer {
    if (!this.#mayBe({ key, verified })) return "identity_mismatch";
    const row = this.people.get(key);
    if (!row?.member) return "not_participant";
    const read_seq = Math.max(row.read_seq, Math.min(seq, this.messages.length));
    this.people.set(key, { ...row, read_seq });
    return `read ${read_seq}`;
  }

  history({ limit, after, before = Infinity, epoch }: HistoryQuery): {
    data: ModelMessage[];
    gap: Gap | null;
    complete: boolean;
  } {
    const [first, last] = [this.first, this.messages.length];
    const shown = this.messages.slice(first - 1);
    if (after === undefined)
      return { data: shown.filter(({ seq }) => seq < before).slice(-limit), gap: null, complete: true };
    const newest = { data: shown.slice(-Math.min(limit, 50)), complete: true };
    if (epoch !== undefined && epoch !== "epoch-1")
      return { ...newest, gap: { from: 1, to: last, reason: "epoch_changed" } };
    if (after > last) return { ...newest, gap: { from: last + 1, to: after, reason: "ahead" } };
    const wanted = shown.filter(({ seq }) => seq > after && seq < before);
    const gap: Gap | null = after + 1 < first ? { from: after + 1, to: first - 1, reason: "evicted" } : null;
    return { data: wanted.slice(0, limit), gap, complete: wanted.length <= limit };
  }

  save(): void {
    this.#saved = { count: this.messages.length, people: new Map(this.people) };
  }

  crash(): void {
    this.messages.length = this.#saved.count;
    this.people = new Map(this.#saved.people);
  }

  /** Notes that a key is proven; from then on its plain claims are refused. */
  #mayBe({ key, verified }: Person): boolean {
    const row = this.people.get(key);
    if (row !== undefined && verified) this.people.set(key, { ...row, verified });
    return verified || row?.verified !== true;
  }

  #meet({ key, verified }: Person, name: string | undefined): void {
    const row = this.people.get(key);
    if (row !== undefined) this.people.set(key, { ...row, name: name ?? row.name, verified: verified || row.verified });
  }

  #say(text: string): void {
    this.#add({
      from: "system",
      name: "System",
      text,
      verified: true,
      id: undefined,
      to: undefined,
      reply_to: undefined,
    });
  }

  #add(message: Omit<ModelMessage, "seq" | "ts">): void {
    const ts = Math.max(this.now, this.messages.at(-1)?.ts ?? 0);
    this.messages.push({ ...message, seq: this.messages.length + 1, ts });
  }
}

function contentOf({ text, reply_to, to }: ModelSend): string {
  return JSON.stringify([text, reply_to ?? null, to ?? []]);
}
