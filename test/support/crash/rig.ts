/**
 * The crash rig: a hub under load is killed again and again and restarted on the state it left,
 * while everything that its agents see goes to the checker: four writers, three readers and one
 * that always reads from the start, one that comes and goes, one that listens, and an auditor. It
 * drives the hub from outside only, so it judges any build.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { call, createChannel } from "../process/agent.ts";
import { HubProcess } from "../process/hub-process.ts";
import { HistoryChecker } from "./checker.ts";
import { Dice } from "./dice.ts";
import type { HistoryEvent, Rule } from "./history.ts";
import type { Ground } from "./line.ts";
import { Auditor, Listener, Reader } from "./reader.ts";
import type { Report } from "./report.ts";
import { Wanderer } from "./wanderer.ts";
import { Writer } from "./writer.ts";

/** Acks before a kill, and milliseconds after them at most: what is counted does not depend on the machine. */
const TRAFFIC = { least: 20, most: 500, ms: 20 };
/** A kill amid the resumes comes this soon after the clients set out. */
const EARLY_MS = 40;
/** The second of two kills comes this soon after the runtime was started again, in most cases before it serves. */
const TWICE_MS = 50;
/** Large messages that a heavy round stores, so that reading the ring takes several pages. */
const HEAVY_MESSAGES = 1000;
/** A kill amid such a reading comes this soon after its first page. */
const PAGING_MS = 25;
/** Between two looks of the auditor: far less than the time in which a ring goes round. */
const AUDIT_MS = 50;
/** A broken build's round lasts no longer. */
const BROKEN_MS = 5000;
/** Only guards against hanging. */
const HANGING_MS = 120_000;

/** What a kill strikes, as often as it stands here: most rounds are plain traffic, which holds joins, leaves and listens too. */
const SCENES = [
  ...Array.from({ length: 9 }, () => "traffic" as const),
  ...Array.from({ length: 2 }, () => "resume" as const),
  ...Array.from({ length: 2 }, () => "twice" as const),
  "pages",
] as const;
type Scene = (typeof SCENES)[number];

export interface CrashOptions {
  /** The bundle to run. */
  readonly worker: string;
  readonly kills: number;
  readonly seed: number;
  /** End with the first violation of one of these, for builds that must fail. */
  readonly until?: readonly Rule[];
  /** Told after each kill how many there were, and how many violations. */
  readonly onKill?: (kills: number, violations: number) => void;
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

async function makeChannel(url: string): Promise<Pick<Ground, "channel" | "epoch">> {
  const channel = await createChannel(url, "crash", "maker");
  await call(url, "/api/channel/join", { body: { channel_id: channel, key: "listener" } });
  const { body } = await call(url, `/api/channel/${channel}`);
  return { channel, epoch: body.epoch };
}

/** What the agents have done so far. */
interface Progress {
  readonly acks: number;
  readonly retried: number;
  readonly moves: number;
  readonly listens: number;
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
  readonly #latecomer = new Reader("latecomer", "batch");
  readonly #wanderer: Wanderer;
  readonly #listener: Listener;
  readonly #count = { sockets: 0, kills: 0, duplicates: 0, received: 0 };
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
    this.#wanderer = new Wanderer("wanderer", new Dice(options.seed + 5));
    this.#listener = new Listener("listener", new Dice(options.seed + 6));
  }

  async run(): Promise<Report> {
    const started = Date.now();
    while (this.#count.kills < this.#options.kills && !this.#hasFailed()) await this.#round();
    if (!this.#hasFailed()) await this.#comeToRest();
    return this.#report((Date.now() - started) / 1000);
  }

  /** Reads what the last crash left, lets everybody loose, and kills. */
  async #round(): Promise<void> {
    const scene = SCENES[this.#dice.roll(0, SCENES.length - 1)] ?? "traffic";
    await this.#auditor.readPresence(this.#ground);
    await this.#auditor.readRing(this.#ground);
    const isAcking = new Promise<void>((done) => (this.#onAck = done));
    for (const writer of this.#writers) writer.isHeavy = scene === "pages";
    const over = this.#connectAll();
    const audits = this.#auditUntil(over);
    const before = this.#progress();
    if (scene !== "resume") await Promise.race([isAcking, over, sleep(HANGING_MS)]);
    await this.#untilStruck(scene, before, over);
    await this.#kill();
    await over;
    await audits;
    if (scene === "twice") await this.#killAgain();
    await this.#hub.restart();
  }

  /** Returns at the moment of the kill. */
  async #untilStruck(scene: Scene, before: Progress, over: Promise<void>): Promise<void> {
    if (scene === "resume") return await sleep(this.#dice.roll(0, EARLY_MS));
    if (scene !== "pages") return await this.#traffic(before, over);
    const enough = this.#checker.last_seq + HEAVY_MESSAGES;
    await Promise.race([until(() => this.#checker.last_seq >= enough), over]);
    this.#latecomer.forget();
    void this.#latecomer.run(this.#ground);
    await Promise.race([until(() => this.#latecomer.position > 0), over]);
    await sleep(this.#dice.roll(0, PAGING_MS));
  }

  /** Everybody is back and has done something, and so much was acked. */
  async #traffic(before: Progress, over: Promise<void>): Promise<void> {
    const acks = before.acks + this.#dice.roll(TRAFFIC.least, TRAFFIC.most);
    const hasEnough = ({ moves, listens, retried, ...now }: Progress): boolean =>
      now.acks >= acks && moves > before.moves && listens > before.listens && isBack(retried);
    const isBack = (retried: number): boolean => before.acks === 0 || retried >= before.retried + this.#writers.length;
    const enough = until(() => hasEnough(this.#progress()) || this.#hasFailed());
    // A build that forgets may leave everybody waiting for what will never come; the next kill shows more.
    const patience = this.#options.until === undefined ? [] : [sleep(BROKEN_MS)];
    await Promise.race([enough, over, ...patience]);
    await sleep(this.#dice.roll(0, TRAFFIC.ms));
  }

  #progress(): Progress {
    const sum = (of: (writer: Writer) => number): number => this.#writers.reduce((all, one) => all + of(one), 0);
    return {
      acks: sum(({ acked }) => acked),
      retried: sum(({ retried }) => retried),
      moves: this.#wanderer.moves,
      listens: this.#listener.answered,
    };
  }

  async #kill(): Promise<void> {
    await this.#hub.kill();
    this.#count.kills++;
    this.#options.onKill?.(this.#count.kills, this.#checker.violations.length);
  }

  async #killAgain(): Promise<void> {
    this.#hub.launch();
    await sleep(this.#dice.roll(0, TWICE_MS));
    await this.#kill();
  }

  /** The last round, without a kill: everything unanswered is answered, everybody reads to the end. */
  async #comeToRest(): Promise<void> {
    for (const client of [...this.#writers, this.#wanderer]) client.stop();
    await this.#auditor.readRing(this.#ground);
    const { over } = this.#connect();
    void this.#latecomer.run(this.#ground);
    await this.#wanderer.run(this.#ground);
    await until(() => this.#writers.every((writer) => writer.isIdle));
    await this.#auditor.readRing(this.#ground);
    const readers = [...this.#readers, this.#latecomer];
    await until(() => readers.every((reader) => reader.position >= this.#checker.last_seq));
    await this.#auditor.readPresence(this.#ground);
    this.#checker.finish();
    this.#listener.stop();
    await this.#hub.kill();
    await over;
  }

  /** Settles when all connections have ended. */
  async #connectAll(): Promise<void> {
    await Promise.all([this.#connect().over, this.#wanderer.run(this.#ground)]);
  }

  /** Those on sockets, and the listener. */
  #connect(): { readonly over: Promise<unknown> } {
    const clients = [...this.#readers, ...this.#writers, this.#listener];
    return { over: Promise.all(clients.map((client) => client.run(this.#ground))) };
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
    if (event.type !== "ack") return;
    if (event.duplicate) this.#count.duplicates++;
    this.#onAck();
  }

  #hasFailed(): boolean {
    const { until: rules } = this.#options;
    return rules !== undefined && this.#checker.violations.some(({ rule }) => rules.includes(rule));
  }

  #report(seconds: number): Report {
    const sum = (of: (writer: Writer) => number): number => this.#writers.reduce((all, one) => all + of(one), 0);
    const { kills, duplicates, received } = this.#count;
    const { last_seq, unread } = this.#checker;
    return {
      seed: this.#options.seed,
      kills,
      seconds,
      sent: sum(({ sent }) => sent),
      acked: sum(({ acked }) => acked),
      retried: sum(({ retried }) => retried),
      refused: sum(({ refused }) => refused),
      duplicates,
      received,
      moves: this.#wanderer.moves,
      listens: this.#listener.answered,
      last_seq,
      unread,
      violations: [...this.#checker.violations],
    };
  }
}

/** Waits for a state that an honest hub reaches; gives up after a while, since the checker will say what is missing. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + HANGING_MS;
  while (!isSo() && Date.now() < deadline) await sleep(10);
}
