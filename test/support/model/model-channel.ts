/**
 * A channel as simply as it can be said: one array of messages, one map of people, every answer
 * searched for anew. The reference that random scripts compare the real one with; it takes only
 * types from it. Texts are short, so that no page is bounded by its bytes.
 */
import type { Caller, HistoryQuery, ListenQuery } from "../../../src/channel/index.ts";
import type { Gap, Kind } from "../../../src/protocol/index.ts";

export interface ModelSend {
  readonly text: string;
  readonly name?: string | undefined;
  readonly id?: string | undefined;
  readonly to?: readonly string[] | undefined;
  readonly reply_to?: number | undefined;
}

/** A message, with what is remembered of the send that made it. */
export interface ModelMessage extends ModelSend {
  readonly seq: number;
  readonly ts: number;
  readonly from: string;
  readonly verified: boolean;
  readonly mentions: readonly string[];
  /** What the sender said it is. */
  readonly kind?: Kind | undefined;
}

export interface ModelRow {
  readonly name: string;
  readonly kind: Kind | undefined;
  readonly member: boolean;
  readonly verified: boolean;
  readonly read_seq: number;
  readonly kicked_until: number;
  /** When it took its name, in the strength it has: the first of those who proved one has it. */
  readonly named: number;
}

interface Settings {
  readonly isPaused: boolean;
  /** It was an admin who paused it. */
  readonly isAdmins: boolean;
  /** The loop guard counts from here. */
  readonly reset: number;
}

/** What a command comes to: one line. */
export type ModelAnswer = string;

export interface ModelPage {
  readonly messages: readonly ModelMessage[];
  readonly gap: Gap | null;
  readonly complete: boolean;
}

export interface ModelNews {
  readonly messages: readonly ModelMessage[];
  readonly next: number;
  readonly own: number;
  readonly others: number;
  readonly gap: Gap | null;
}

/** What the channel was made with. */
export interface ModelOptions {
  readonly now: number;
  readonly number: number;
  readonly epoch: string;
  /** Messages of agents in a row before they must slow down. */
  readonly guard: number;
}

const MINUTE = 60_000;
const RING = 1000;
const NEWEST = 50;

export class ModelChannel {
  readonly options: ModelOptions;
  messages: ModelMessage[] = [];
  people: Map<string, ModelRow> = new Map();
  #names = 0;
  settings: Settings = { isPaused: false, isAdmins: false, reset: 0 };
  isDeleted = false;
  now: number;
  #saved = { count: 0, people: this.people, settings: this.settings };

  constructor(options: ModelOptions) {
    this.options = options;
    this.now = options.now;
    this.#name("alpha", { ...STRANGER, name: "ALPHA", member: true, read_seq: 1 });
    this.#say("Channel 'ops' created by ALPHA");
    this.save();
  }

  get first(): number {
    return Math.max(1, this.last - RING + 1);
  }

  get last(): number {
    return this.messages.length;
  }

  idOf({ ts, seq }: ModelMessage): string {
    return `msg-${ts}-${this.options.number}${String(seq).padStart(12, "0")}`;
  }

  members(): string[] {
    return [...this.people].filter(([, row]) => row.member).map(([key]) => key);
  }

  join(who: Caller, name?: string): ModelAnswer {
    const { key, verified, kind } = who;
    if (!this.#mayBe({ key, verified })) return "identity_mismatch";
    const row = this.people.get(key) ?? { ...STRANGER, name: key };
    if (row.member) this.#meet({ key, verified, kind }, name);
    else if (row.kicked_until > this.now) return "forbidden";
    else if (this.#isPausedFor(who)) return "paused";
    else {
      const joined = {
        name: name ?? (row.verified ? row.name : key),
        kind: kind ?? row.kind,
        verified: verified || row.verified,
      };
      this.#name(key, { ...joined, member: true, read_seq: this.last + 1, kicked_until: 0 });
      this.#say(`${joined.name} joined the channel`);
    }
    return this.#done();
  }

  leave(who: Caller): ModelAnswer {
    const { key, verified } = who;
    if (!this.#mayBe({ key, verified })) return "identity_mismatch";
    const row = this.people.get(key);
    if (!row?.member) return "not_participant";
    if (this.#isPausedFor(who)) return "paused";
    this.#say(`${row.name} left the channel`);
    this.people.set(key, { ...row, member: false });
    this.#forgetLeavers();
    return this.#done();
  }

  send(who: Caller, send: ModelSend): ModelAnswer {
    if (!this.#mayBe(who)) return "identity_mismatch";
    // Not the clock alone: it may have gone back since the newest message.
    const now = Math.max(this.now, this.messages.at(-1)?.ts ?? 0);
    const first = this.messages.findLast(
      (one) => send.id !== undefined && one.id === send.id && one.from === who.key && one.verified === who.verified,
    );
    if (first !== undefined && first.ts >= now - 5 * MINUTE)
      return contentOf(first) === contentOf(send) ? `sent ${first.seq} again` : "idempotency_conflict";
    const refused = this.#refusal(who, send);
    if (refused !== undefined) return refused;
    const kind = who.kind ?? this.people.get(who.key)?.kind;
    this.#meet(who, send.name);
    const mentions = this.#mentions(who.key, send);
    this.#add({ ...send, name: this.people.get(who.key)?.name, from: who.key, verified: who.verified, mentions, kind });
    const left = kind === "agent" ? ` ${Math.max(0, this.options.guard - this.#streak())} left` : "";
    return `sent ${this.last}${left}`;
  }

  /** Notes that a key is proven; from then on its plain claims are refused. */
  #mayBe({ key, verified }: Caller): boolean {
    const row = this.people.get(key);
    // A name that was only claimed does not survive the proof.
    if (row?.verified === false && verified) this.#name(key, { ...row, verified, name: key });
    return verified || row?.verified !== true;
  }

  /** Who may moderate is remembered once it is proven. */
  #mayModerate({ key, verified, admin }: Caller): boolean {
    // An admin's pause or kick is above the creator.
    const isFree = !this.settings.isAdmins && (this.people.get("alpha")?.kicked_until ?? 0) <= this.now;
    const may = admin === true || (verified && key === "alpha" && isFree);
    if (may && verified && !this.people.has(key)) this.#name(key, { ...STRANGER, name: key, verified });
    return may;
  }

  #forgetLeavers(): void {
    for (const [key, { member, verified, kicked_until }] of this.people)
      if (!member && !verified && kicked_until <= this.now) this.people.delete(key);
  }

  #isPausedFor(who: Caller): boolean {
    const isAgent = (who.kind ?? this.people.get(who.key)?.kind) === "agent";
    return this.settings.isPaused && (who.admin !== true || isAgent);
  }

  #refusal(who: Caller, { reply_to }: ModelSend): ModelAnswer | undefined {
    const row = this.people.get(who.key);
    if (!row?.member) return "not_participant";
    const isAgent = (who.kind ?? row.kind) === "agent";
    if (this.#isPausedFor(who)) return "paused";
    if (reply_to !== undefined && (reply_to < this.first || reply_to > this.last)) return "bad_request";
    return isAgent && this.#isGuarded(this.#author(reply_to)) ? "loop_guard" : undefined;
  }

  #author(seq = 0): string | undefined {
    return this.messages[seq - 1]?.from;
  }

  read({ key, verified }: Caller, seq: number): ModelAnswer {
    if (!this.#mayBe({ key, verified })) return "identity_mismatch";
    const row = this.people.get(key);
    if (!row?.member) return "not_participant";
    const read_seq = Math.max(row.read_seq, Math.min(seq, this.last));
    this.people.set(key, { ...row, read_seq });
    return `done ${read_seq}`;
  }

  kick(who: Caller, target: string, minutes: number): ModelAnswer {
    if (!this.#mayBe(who)) return "identity_mismatch";
    if (!this.#mayModerate(who)) return "forbidden";
    const key = this.#holder(target, (one) => this.people.has(one));
    const row = key === undefined ? undefined : this.people.get(key);
    if (key === undefined || row === undefined) return "bad_request";
    this.people.set(key, { ...row, member: false, kicked_until: this.now + minutes * MINUTE });
    this.#forgetLeavers();
    if (row.member) this.#say(`${row.name} was removed from the channel for ${minutes} min by ${this.#nameOf(who)}`);
    return this.#done();
  }

  pause(who: Caller, isPaused: boolean): ModelAnswer {
    if (!this.#mayBe(who)) return "identity_mismatch";
    if (!this.#mayModerate(who)) return "forbidden";
    if (this.settings.isPaused !== isPaused)
      this.#say(`The channel was ${isPaused ? "paused" : "resumed"} by ${this.#nameOf(who)}`);
    const isAdmins = isPaused && (who.admin === true || this.settings.isAdmins);
    this.settings = { ...this.settings, isPaused, isAdmins };
    return this.#done();
  }

  resetGuard(who: Caller): ModelAnswer {
    if (!this.#mayBe(who)) return "identity_mismatch";
    if (!this.#mayModerate(who)) return "forbidden";
    this.settings = { ...this.settings, reset: this.last };
    this.#say(`The loop guard was reset by ${this.#nameOf(who)}`);
    return this.#done();
  }

  history({ limit, after, before = Infinity, epoch }: HistoryQuery): ModelPage {
    const shown = this.messages.slice(this.first - 1);
    if (after === undefined)
      return { messages: shown.filter(({ seq }) => seq < before).slice(-limit), gap: null, complete: true };
    const gap = this.#gapAfter(after, epoch);
    if (gap !== null && gap.reason !== "evicted")
      return { messages: shown.slice(-Math.min(limit, NEWEST)), gap, complete: true };
    const wanted = shown.filter(({ seq }) => seq > after && seq < before);
    return { messages: wanted.slice(0, limit), gap, complete: wanted.length <= limit };
  }

  listen({ key, after, epoch, for: wanted, limit }: ListenQuery): ModelNews | string {
    const row = this.people.get(key);
    // The scripts listen plainly.
    if (row?.verified) return "identity_mismatch";
    if (!row?.member) return "not_participant";
    const asked = after ?? row.read_seq;
    const gap = this.#gapAfter(asked, epoch);
    const isPlace = gap === null || gap.reason === "evicted";
    if (after !== undefined && isPlace) this.people.set(key, { ...row, read_seq: Math.max(row.read_seq, after) });
    const start = isPlace
      ? Math.max(asked, this.first - 1)
      : Math.max(this.first - 1, this.last - Math.min(limit, NEWEST));
    const isFor = ({ from, mentions }: ModelMessage): boolean =>
      from !== key && (wanted === "all" || mentions.includes(key));
    const news = this.messages.slice(start).filter(isFor).slice(0, limit);
    // It looks on until it has found so many.
    const next = news.length === limit ? (news.at(-1)?.seq ?? start) : this.last;
    const looked = this.messages.slice(start, next);
    const own = looked.filter(({ from }) => from === key).length;
    return { messages: news, next, own, others: looked.length - own - news.length, gap };
  }

  save(): void {
    this.#saved = { count: this.last, people: new Map(this.people), settings: this.settings };
  }

  crash(): void {
    this.messages.length = this.#saved.count;
    this.people = new Map(this.#saved.people);
    this.settings = this.#saved.settings;
  }

  #done(): ModelAnswer {
    return `done ${this.last}`;
  }

  #gapAfter(after: number, epoch: string | undefined): Gap | null {
    if (epoch !== undefined && epoch !== this.options.epoch) return { from: 1, to: this.last, reason: "epoch_changed" };
    if (after > this.last) return { from: this.last + 1, to: after, reason: "ahead" };
    return after + 1 < this.first ? { from: after + 1, to: this.first - 1, reason: "evicted" } : null;
  }

  #nameOf({ key }: Caller): string {
    return this.people.get(key)?.name ?? key;
  }

  /** Messages of agents in a row. */
  #streak(): number {
    const counted = this.messages.filter(({ seq, from }) => from !== "system" && seq > this.settings.reset);
    return counted.length - 1 - counted.findLastIndex(({ kind }) => kind !== "agent");
  }

  #isGuarded(answered: string | undefined): boolean {
    const { guard } = this.options;
    const streak = this.#streak();
    const newest = this.messages.findLast(({ from }) => from !== "system")?.ts ?? 0;
    const isAnswer = answered !== undefined && this.people.get(answered)?.kind === "human" && streak < 2 * guard;
    return streak >= guard && !isAnswer && newest + 30_000 > this.now;
  }

  /** `to`, who is answered, and `@Bravo`, the only mention the scripts write. */
  #mentions(sender: string, { text, to = [], reply_to }: ModelSend): string[] {
    const members = this.members();
    const answered = this.#author(reply_to);
    const named = to.map((target) => this.#resolve(target));
    if (answered !== undefined && members.includes(answered)) named.push(answered);
    if (text.includes("@")) named.push(this.#resolve("Bravo"));
    return [...new Set(named.flat())].filter((key): key is string => key !== undefined && key !== sender);
  }

  #resolve(name: string): readonly string[] | string | undefined {
    return name === "all" ? this.members() : this.#holder(name);
  }

  /** A proven key; the member that proved the name first; the only one that claims it as name or key. */
  #holder(name: string, isKey = (key: string) => this.people.get(key)?.member === true): string | undefined {
    if (isKey(name) && this.people.get(name)?.verified === true) return name;
    const isNamed = ([, row]: [string, ModelRow]): boolean =>
      row.member && row.name.toLowerCase() === name.toLowerCase();
    const holders = [...this.people].filter(isNamed);
    const [proven] = holders.filter(([, row]) => row.verified).toSorted(([, a], [, b]) => a.named - b.named);
    if (proven !== undefined) return proven[0];
    const claims = new Set([...(isKey(name) ? [name] : []), ...holders.map(([key]) => key)]);
    return claims.size === 1 ? [...claims][0] : undefined;
  }

  /** Sets a row; a new name, or one that is proven now, stands behind all that were taken before. */
  #name(key: string, row: Omit<ModelRow, "named">): void {
    const known = this.people.get(key);
    const isSame = known?.verified === row.verified && known.name.toLowerCase() === row.name.toLowerCase();
    this.people.set(key, { ...row, named: isSame ? known.named : ++this.#names });
  }

  #meet({ key, verified, kind }: Caller, name: string | undefined): void {
    const row = this.people.get(key);
    if (row === undefined) return;
    this.#name(key, {
      ...row,
      name: name ?? row.name,
      kind: kind ?? row.kind,
      verified: verified || row.verified,
    });
  }

  #say(text: string): void {
    this.#add({ from: "system", name: "System", text, verified: true, mentions: [] });
  }

  #add(message: Omit<ModelMessage, "seq" | "ts">): void {
    const ts = Math.max(this.now, this.messages.at(-1)?.ts ?? 0);
    this.messages.push({ ...message, seq: this.last + 1, ts });
  }
}

const STRANGER = { kind: undefined, member: false, verified: false, read_seq: 0, kicked_until: 0, named: 0 } as const;

function contentOf({ text, reply_to, to }: ModelSend): string {
  return JSON.stringify([text, reply_to ?? null, to ?? []]);
}
