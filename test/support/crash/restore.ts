/**
 * The restore rig: between kills, files of the hub are put back from an earlier copy, lost or
 * damaged; then its owner does what docs/OPERATIONS.md says. Nobody may ever read another
 * conversation's messages, and every reader must be told a gap for what it will not get.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../process/agent.ts";
import { HubProcess } from "../process/hub-process.ts";
import { Conversation } from "./conversation.ts";
import { Dice } from "./dice.ts";
import { StateFiles } from "./state-files.ts";

/** Waits no longer than this for answers. */
const HANGING_MS = 10_000;
/** Milliseconds of traffic before a kill, once enough is acknowledged. */
const TRAFFIC_MS = { least: 60, most: 250 };
/** Conversations that live at once. */
const LIVE = 4;
/** Between two lists, which let the index hear of changes. */
const LIST_MS = 25;

export const FAULTS = [
  ...["nothing", "channel put back", "channel lost", "channel damaged"],
  ...["index put back", "index lost", "index damaged", "all put back"],
] as const;
export type Fault = (typeof FAULTS)[number];

export interface RestoreOptions {
  readonly worker: string;
  readonly kills: number;
  readonly seed: number;
  /** Ends with the first violation, for builds that must fail. */
  readonly isControl?: boolean;
  /** What strikes; all of them if not given. */
  readonly faults?: readonly Fault[];
  readonly onKill?: (kills: number, violations: number) => void;
}

export interface RestoreReport {
  readonly seed: number;
  readonly kills: number;
  readonly seconds: number;
  readonly acked: number;
  readonly conversations: number;
  /** Times that readers were told of a gap. */
  readonly gaps: number;
  readonly faults: Readonly<Record<Fault, number>>;
  readonly violations: readonly string[];
}

export function describeRestores({ violations, faults, ...report }: RestoreReport): string {
  const { seed, kills, seconds, acked, conversations, gaps } = report;
  const struck = Object.entries(faults).map(([fault, count]) => `${fault} ${count}`);
  const run = `restore rig: seed ${seed}, ${kills} kills in ${seconds.toFixed(1)} s (${struck.join(", ")})`;
  const done = `${conversations} conversations, ${acked} acked, ${gaps} gaps told`;
  return `${run}, ${done}, ${violations.length} violations; again: npm run test:crash -- --restores 1 --kills ${kills} --seed ${seed}`;
}

export async function runRestoreRig(options: RestoreOptions): Promise<RestoreReport> {
  const variables = { HUB_RATE_PER_SECOND: "0", HUB_CREATES_PER_MINUTE: "0", HUB_LOOP_GUARD: "0" };
  const hub = await HubProcess.start({ worker: options.worker, variables });
  try {
    return await new RestoreRig(hub, options).run();
  } finally {
    await hub[Symbol.asyncDispose]();
  }
}

/** How the state was at a copy: which conversations there were, and which of them were deleted. */
type Copied = ReadonlyMap<Conversation, Pick<Conversation, "isDeleted" | "isGone">>;

class RestoreRig {
  readonly #hub: HubProcess;
  readonly #options: RestoreOptions;
  readonly #dice: Dice;
  readonly #files: StateFiles;
  readonly #violations: string[] = [];
  readonly #conversations: Conversation[] = [];
  readonly #copies: Copied[] = [];
  readonly #faults = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>;
  /** Ids of all channels that were ever made. */
  readonly #given: Set<string> = new Set();
  #kills = 0;

  constructor(hub: HubProcess, options: RestoreOptions) {
    this.#hub = hub;
    this.#options = options;
    this.#dice = new Dice(options.seed);
    this.#files = new StateFiles(hub.directory);
  }

  async run(): Promise<RestoreReport> {
    const started = Date.now();
    await this.#round("nothing");
    while (this.#kills < this.#options.kills && !this.#hasFailed)
      await this.#round(this.#roll(this.#options.faults ?? FAULTS));
    return {
      seed: this.#options.seed,
      kills: this.#kills,
      seconds: (Date.now() - started) / 1000,
      acked: this.#acked,
      conversations: this.#conversations.length,
      gaps: this.#conversations.reduce((sum, { gaps }) => sum + gaps, 0),
      faults: this.#faults,
      violations: this.#violations,
    };
  }

  /** Traffic, a kill, a copy, a fault, and what the owner does about it; then everything is looked at. */
  async #round(fault: Fault): Promise<void> {
    await this.#found();
    await this.#traffic();
    await this.#hub.kill();
    this.#kills++;
    await this.#strike(fault);
    await this.#audit(fault);
    if (this.#dice.roll(1, 3) === 1) await this.#deleteOne();
    this.#options.onKill?.(this.#kills, this.#violations.length);
  }

  get #hasFailed(): boolean {
    return this.#options.isControl === true && this.#violations.length > 0;
  }

  /** New conversations in place of those that ended. */
  async #found(): Promise<void> {
    while (this.#live.length < LIVE) {
      const name = `secret-${this.#conversations.length + 1}`;
      const { body } = await call(this.#hub.url, "/api/channel/create", { body: { name, key: name } });
      const blame = (detail: string): void => void this.#violations.push(detail);
      if (body.ok !== true) return blame(`${name} cannot be made: ${body.code}`);
      this.#give(body.channel_id);
      const made = new Conversation(name, body.channel_id, blame);
      this.#conversations.push(made);
      // A channel that was never used holds nothing by which an index that was put back could know it.
      await made.read(this.#hub.url);
      await made.speak(this.#hub.url);
    }
  }

  get #acked(): number {
    return this.#conversations.reduce((sum, { acked_count }) => sum + acked_count, 0);
  }

  get #live(): readonly Conversation[] {
    return this.#conversations.filter(({ isLive }) => isLive);
  }

  async #traffic(): Promise<void> {
    const running = this.#live;
    const over = Promise.all([...running.map((one) => one.run(this.#hub.url)), this.#listOn()]);
    // However slow the machine is, something was acknowledged; a broken build may refuse it all.
    const enough = this.#acked + running.length;
    for (const started = Date.now(); this.#acked < enough && Date.now() - started < HANGING_MS;) await sleep(LIST_MS);
    await sleep(this.#dice.roll(TRAFFIC_MS.least, TRAFFIC_MS.most));
    await this.#hub.kill();
    await over;
  }

  async #listOn(): Promise<void> {
    while ((await call(this.#hub.url, "/api/channel/list").catch(() => undefined)) !== undefined) await sleep(LIST_MS);
  }

  /** The hub is down; afterwards it serves, and its owner has done what is to be done. */
  async #strike(fault: Fault): Promise<void> {
    const copy = this.#dice.roll(0, Math.max(0, this.#copies.length - 1));
    const victim = this.#live[this.#dice.roll(0, this.#live.length - 1)];
    const struck = this.#copies.length === 0 || victim === undefined ? "nothing" : fault;
    this.#faults[struck]++;
    if (this.#dice.roll(1, 2) === 1) await this.#copy();
    if (victim === undefined) return await this.#hub.restart();
    await this.#harm(struck, victim, copy);
  }

  async #copy(): Promise<void> {
    await this.#files.copy(this.#copies.length);
    this.#copies.push(
      new Map(this.#conversations.map((one) => [one, { isDeleted: one.isDeleted, isGone: one.isGone }])),
    );
  }

  async #harm(fault: Fault, victim: Conversation, copy: number): Promise<void> {
    switch (fault) {
      case "nothing":
        return await this.#hub.restart();
      case "channel lost":
        await this.#files.loseChannel(victim.number);
        return await this.#hub.restart();
      case "channel put back":
        return await this.#putBackChannel(victim, copy);
      case "channel damaged":
        return await this.#damageChannel(victim, copy);
      case "index lost":
        await this.#files.loseIndex();
        return await this.#restartAndMend();
      case "index put back":
        await this.#files.putBackIndex(copy);
        return await this.#restartAndMend();
      case "index damaged":
        return await this.#damageIndex(copy);
      case "all put back":
        await this.#files.putBackAll(copy);
        return await this.#goneBackTo(copy);
    }
  }

  async #putBackChannel(victim: Conversation, copy: number): Promise<void> {
    const canTell = await this.#files.canTell(victim.number, copy);
    const isBack = await this.#files.putBackChannel(victim.number, copy);
    await this.#hub.restart();
    await this.#own("fsck", { mend: true });
    // Where the index can tell, nobody need say it.
    if (isBack && !canTell) await this.#own("restored", {});
  }

  /** Refused as long as it is damaged; then its file is put back, or it is deleted. */
  async #damageChannel(victim: Conversation, copy: number): Promise<void> {
    const isDamaged = await this.#files.damageChannel(victim.number, this.#dice);
    await this.#hub.restart();
    if (!isDamaged) return;
    const { status, body } = await call(this.#hub.url, `/api/channel/${victim.id}/history`);
    if (status !== 503 || !String(body.code).startsWith("storage_"))
      this.#violations.push(`${victim.id} is damaged and answers ${status} ${body.code}`);
    const hasCopy = this.#copies[copy]?.has(victim) === true;
    if (this.#dice.roll(1, 2) === 1 || !hasCopy) return await this.#delete(victim);
    await this.#hub.kill();
    // A copy of before its first use has no file: then it begins anew.
    if (!(await this.#files.putBackChannel(victim.number, copy))) return await this.#deleteDamaged(victim);
    await this.#hub.restart();
    await this.#own("fsck", { mend: true });
    await this.#own("restored", {});
  }

  async #deleteDamaged(victim: Conversation): Promise<void> {
    await this.#hub.restart();
    await this.#delete(victim);
  }

  async #damageIndex(copy: number): Promise<void> {
    await this.#files.damageIndex(this.#dice);
    await this.#hub.restart();
    const { status } = await call(this.#hub.url, "/api/channel/create", { body: { name: "lunch", key: "eve" } });
    if (status !== 503) this.#violations.push(`the index is damaged and a create answers ${status}`);
    await this.#hub.kill();
    await this.#files.putBackIndex(copy);
    await this.#restartAndMend();
  }

  /** What was made since the copy is gone, what was deleted since is there again. */
  async #goneBackTo(copy: number): Promise<void> {
    await this.#hub.restart();
    await this.#own("restored", {});
    const copied = this.#copies[copy];
    for (const one of this.#conversations) {
      const was = copied?.get(one);
      one.isGone = was?.isGone ?? true;
      one.isDeleted = was?.isDeleted ?? false;
    }
    this.#forgetCopiesAfter(copy);
  }

  /** A copy that is newer than the state it would be put back over is another story. */
  #forgetCopiesAfter(copy: number): void {
    this.#copies.splice(copy + 1);
  }

  async #restartAndMend(): Promise<void> {
    await this.#hub.restart();
    // Somebody is faster than the owner: whatever it gets, it is nothing of anybody else's.
    await this.#intrude();
    await this.#own("fsck", { mend: true });
    await this.#own("restored", {});
    // What was deleted since the copy is listed again, with nothing in it.
    const taken = new Set(this.#live.map(({ id }) => id));
    for (const one of this.#conversations) if (!one.isLive && !taken.has(one.id)) await this.#delete(one);
  }

  /** Makes as many channels as there ever were, so that each number that is given out again is met. */
  async #intrude(): Promise<void> {
    for (let made = 0; made <= this.#conversations.length; made++) if (!(await this.#intrudeOnce())) return;
  }

  /** False: nothing is given out. */
  async #intrudeOnce(): Promise<boolean> {
    const { body } = await call(this.#hub.url, "/api/channel/create", { body: { name: "lunch", key: "eve" } });
    if (body.ok !== true) return false;
    this.#give(body.channel_id);
    const told = await call(this.#hub.url, `/api/channel/${body.channel_id}/history`);
    const foreign = JSON.stringify(told.body.messages ?? []).includes("secret-");
    if (foreign) this.#violations.push(`a new channel ${body.channel_id} shows another's messages`);
    await call(this.#hub.url, `/api/channel/${body.channel_id}`, { method: "DELETE" });
    return true;
  }

  /** Whoever has a link to a channel must never come into another one by it. */
  #give(id: string): void {
    if (this.#given.has(id)) this.#violations.push(`${id} is given out again`);
    this.#given.add(id);
  }

  async #own(what: "fsck" | "restored", body: { mend?: boolean }): Promise<void> {
    for (let cursor: number | undefined = 0; cursor !== undefined;) {
      const answer = await call(this.#hub.url, `/api/hub/${what}`, {
        body: { ...body, ...(cursor > 0 && { cursor }) },
      });
      if (answer.status !== 200) this.#violations.push(`${what} answers ${answer.status} ${answer.body.code}`);
      cursor = answer.body.next_cursor as number | undefined;
    }
  }

  async #audit(fault: Fault): Promise<void> {
    const before = this.#violations.length;
    for (const one of this.#conversations) {
      if (one.isLive) await one.read(this.#hub.url);
      await one.audit(this.#hub.url);
    }
    for (let at = before; at < this.#violations.length; at++)
      this.#violations[at] = `kill ${this.#kills}, ${fault}: ${this.#violations[at]}`;
  }

  async #deleteOne(): Promise<void> {
    const victim = this.#live[this.#dice.roll(0, this.#live.length - 1)];
    if (victim !== undefined) await this.#delete(victim);
  }

  /** A second one is answered 410, one that the index forgot 404. */
  async #delete(victim: Conversation): Promise<void> {
    const { status } = await call(this.#hub.url, `/api/channel/${victim.id}`, { method: "DELETE" });
    if (status !== 200 && status !== 410 && status !== 404)
      this.#violations.push(`delete of ${victim.id} answers ${status}`);
    victim.isDeleted = true;
  }

  #roll<T>(of: readonly T[]): T {
    return of[this.#dice.roll(0, of.length - 1)] as T;
  }
}
