/**
 * The crash rig: a hub under load is killed again and again and restarted on the state it left,
 * while everything that four writers, three readers and an auditor see goes to the checker. It
 * drives the hub from outside only, so it judges any build.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { call, createChannel } from "../process/agent.ts";
import { HubProcess } from "../process/hub-process.ts";
import { HistoryChecker } from "./checker.ts";
import { Dice } from "./dice.ts";
import type { HistoryEvent, Rule, Violation } from "./history.ts";
import type { Ground } from "./line.ts";
import { Auditor, Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Milliseconds of traffic before a kill. */
const TRAFFIC_MS = { least: 60, most: 400 };
/** One kill in this many comes amid the resumes instead, this soon after the clients set out. */
const EARLY_EVERY = 8;
const EARLY_MS = 40;
/** Between two looks of the auditor: far less than the time in which a ring goes round. */
const AUDIT_MS = 50;
/** Only guards against hanging. */
const HANGING_MS = 20_000;

export interface CrashOptions {
  /** The bundle to run. */
  readonly worker: string;
  readonly kills: number;
  readonly seed: number;
  /** End with the first violation of one of these, for builds that must fail. */
  readonly until?: readonly Rule[];
}

export interface Report {
  readonly seed: number;
  readonly kills: number;
  readonly seconds: number;
  /** Sends, repeats not counted. */
  readonly sent: number;
  /** Sends that were acked. */
  readonly acked: number;
  /** Retries of acked sends that were answered. */
  readonly retried: number;
  /** Acks that said `duplicate`, those of unanswered sends included. */
  readonly duplicates: number;
  readonly refused: number;
  /** Messages that came live. */
  readonly received: number;
  /** Newest seq of the log. */
  readonly last_seq: number;
  /** Messages that left the ring before the auditor looked at them: 0 if the run says all it should. */
  readonly unread: number;
  readonly violations: readonly Violation[];
}

export async function runCrashRig(options: CrashOptions): Promise<Report> {
  const hub = await HubProcess.start({
    worker: options.worker,
    variables: { HUB_RATE_PER_SECOND: "0", HUB_LOOP_GUARD: "0" },
  });
  try {
    return await new CrashRig(hub, options, await makeChannel(hub.url)).run();
  } finally {
    await hub[Symbol.asyncDispose]();
  }
}

/** One line for people. */
export function describeReport(report: Report): string {
  const { seed, kills, seconds, sent, acked, duplicates, retried, refused, received, last_seq, unread, violations } =
    report;
  const traffic = `${sent} sent, ${acked} acked, ${retried} retried, ${duplicates} duplicates, ${refused} refused, ${received} received, last seq ${last_seq}, ${unread} unread`;
  const broken = [...new Set(violations.map(({ rule }) => rule))];
  const verdict = broken.length === 0 ? "" : `: ${broken.join(" ")}`;
  return `crash rig: seed ${seed}, ${kills} kills in ${seconds.toFixed(1)} s, ${traffic}, ${violations.length} violations${verdict}`;
}

async function makeChannel(url: string): Promise<Pick<Ground, "channel" | "epoch">> {
  const channel = await createChannel(url, "crash", "maker");
  const { body } = await call(url, `/api/channel/${channel}`);
  return { channel, epoch: body.epoch };
}

class CrashRig {
  readonly #hub: HubProcess;
  readonly #options: CrashOptions;
  readonly #dice: Dice;
  readonly #ground: Ground;
  readonly #checker = new HistoryChecker();
  readonly #auditor = new Auditor();
  readonly #writers: readonly Writer[];
  readonly #readers: readonly Reader[];
  readonly #count = { sockets: 0, kills: 0, duplicates: 0, refused: 0, received: 0 };
  /** Called with the next ack. */
  #onAck: () => void = () => undefined;

  constructor(hub: HubProcess, options: CrashOptions, channel: Pick<Ground, "channel" | "epoch">) {
    this.#hub = hub;
    this.#options = options;
    this.#dice = new Dice(options.seed);
    this.#ground = {
      url: hub.url,
      ...channel,
      record: (event) => this.#record(event),
      nextSocket: () => ++this.#count.sockets,
    };
    // Each has dice of its own: what one rolls must not depend on another's timing.
    this.#writers = [1, 2, 3, 4].map((n) => new Writer(`writer-${n}`, new Dice(options.seed + n)));
    this.#readers = [
      new Reader("reader-1", "single"),
      new Reader("reader-2", "single"),
      new Reader("reader-3", "batch"),
    ];
  }

  async run(): Promise<Report> {
    const started = Date.now();
    while (this.#count.kills < this.#options.kills && !this.#hasFailed()) await this.#round();
    if (!this.#hasFailed()) await this.#comeToRest();
    return this.#report((Date.now() - started) / 1000);
  }

  /** Reads what the last crash left, lets everybody loose, and kills. */
  async #round(): Promise<void> {
    await this.#auditor.readRing(this.#ground);
    const isEarly = this.#dice.roll(1, EARLY_EVERY) === 1;
    const wait = isEarly ? this.#dice.roll(0, EARLY_MS) : this.#dice.roll(TRAFFIC_MS.least, TRAFFIC_MS.most);
    const isAcking = new Promise<void>((done) => (this.#onAck = done));
    const over = this.#connectAll();
    const audits = this.#auditUntil(over);
    if (!isEarly) await Promise.race([isAcking, over, sleep(HANGING_MS)]);
    await sleep(wait);
    await this.#hub.kill();
    this.#count.kills++;
    await over;
    await audits;
    await this.#hub.restart();
  }

  /** The last round, without a kill: everything unanswered is answered, everybody reads to the end. */
  async #comeToRest(): Promise<void> {
    for (const writer of this.#writers) writer.stop();
    await this.#auditor.readRing(this.#ground);
    void this.#connectAll();
    await until(() => this.#writers.every((writer) => writer.isIdle));
    await this.#auditor.readRing(this.#ground);
    await until(() => this.#readers.every((reader) => reader.position >= this.#checker.last_seq));
    this.#checker.finish();
  }

  /** Settles when all connections have ended. */
  async #connectAll(): Promise<void> {
    await Promise.all([...this.#readers, ...this.#writers].map((client) => client.run(this.#ground)));
  }

  async #auditUntil(over: Promise<void>): Promise<void> {
    let isOver = false;
    void over.then(() => (isOver = true));
    while (!isOver) {
      await this.#auditor.readOn(this.#ground);
      await sleep(AUDIT_MS);
    }
  }

  #record(event: HistoryEvent): void {
    this.#checker.record(event);
    if (event.type === "receive") this.#count.received++;
    if (event.type === "refuse") this.#count.refused++;
    if (event.type !== "ack") return;
    if (event.duplicate) this.#count.duplicates++;
    this.#onAck();
  }

  #hasFailed(): boolean {
    const { until: rules } = this.#options;
    return rules !== undefined && this.#checker.violations.some(({ rule }) => rules.includes(rule));
  }

  #report(seconds: number): Report {
    const { kills, duplicates, refused, received } = this.#count;
    const sent = this.#writers.reduce((sum, writer) => sum + writer.sent, 0);
    const acked = this.#writers.reduce((sum, writer) => sum + writer.acked, 0);
    const retried = this.#writers.reduce((sum, writer) => sum + writer.retried, 0);
    const { last_seq, unread } = this.#checker;
    const traffic = { sent, acked, duplicates, retried, refused, received, last_seq, unread };
    return { seed: this.#options.seed, kills, seconds, ...traffic, violations: [...this.#checker.violations] };
  }
}

/** Waits for a state that an honest hub reaches; gives up after a while, since the checker will say what is missing. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + HANGING_MS;
  while (!isSo() && Date.now() < deadline) await sleep(10);
}
