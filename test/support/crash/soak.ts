/**
 * Hours of mixed traffic at a pace that people and agents have, on one hub that nobody kills: what
 * it keeps in memory and on disk must stay the same, and the checker must find nothing.
 */
import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { call, createChannel } from "../process/agent.ts";
import { HubProcess } from "../process/hub-process.ts";
import { HistoryChecker } from "./checker.ts";
import { Dice } from "./dice.ts";
import { Founder } from "./founder.ts";
import type { Ground } from "./line.ts";
import { Auditor, Listener, Reader } from "./reader.ts";
import { Wanderer } from "./wanderer.ts";
import { Writer } from "./writer.ts";

/** Between two sends of a writer's twelve: about 120 messages a second from the two. */
const WRITER_MS = 200;
const WANDERER_MS = 200;
const FOUNDER_MS = 1000;
const AUDIT_MS = 1000;
/** A visitor stays so long, and then comes again. */
const VISIT_MS = 3000;
const SAMPLE_MS = 2000;
/** Of the run, before memory is looked at: caches fill, the ring and the dedupe window too. */
const WARM_UP = 1 / 4;
/** Only guards against hanging. */
const HANGING_MS = 60_000;

export interface SoakOptions {
  readonly worker: string;
  readonly minutes: number;
  readonly seed: number;
}

/** Figures at one time. */
interface Sample {
  /** Milliseconds since the start. */
  readonly at: number;
  /** Resident memory of the runtime, MiB. */
  readonly memory: number;
  /** The state's files, MiB. */
  readonly storage: number;
}

export interface SoakReport {
  readonly seed: number;
  readonly minutes: number;
  /** Newest seq of the channel. */
  readonly messages: number;
  readonly channels: number;
  readonly visits: number;
  readonly listens: number;
  readonly moves: number;
  /** After the warm-up, and at the end. */
  readonly samples: readonly [Sample, Sample];
  /** MiB an hour, by least squares over everything after the warm-up. */
  readonly memory_slope: number;
  readonly storage_slope: number;
  readonly unread: number;
  readonly violations: readonly string[];
}

export function describeSoak(report: SoakReport): string {
  const { seed, minutes, messages, channels, visits, listens, moves, unread, violations } = report;
  const [warm, end] = report.samples;
  const traffic = `${messages} messages, ${channels} channels made, ${visits} visits, ${listens} listens, ${moves} joins and leaves`;
  const memory = `memory ${warm.memory.toFixed(0)} → ${end.memory.toFixed(0)} MiB (${report.memory_slope.toFixed(1)} MiB/h)`;
  const storage = `storage ${warm.storage.toFixed(1)} → ${end.storage.toFixed(1)} MiB (${report.storage_slope.toFixed(1)} MiB/h)`;
  return `soak: seed ${seed}, ${minutes} min, ${traffic}; ${memory}, ${storage}, ${unread} unread, ${violations.length} violations`;
}

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const hub = await HubProcess.start({ worker: options.worker });
  try {
    const channel = await createChannel(hub.url, "soak", "maker");
    await call(hub.url, "/api/channel/join", { body: { channel_id: channel, key: "listener" } });
    const { body } = await call(hub.url, `/api/channel/${channel}`);
    return await new Soak(hub, options, { channel, epoch: body.epoch }).run();
  } finally {
    await hub[Symbol.asyncDispose]();
  }
}

class Soak {
  readonly #hub: HubProcess;
  readonly #options: SoakOptions;
  readonly #ground: Ground;
  readonly #checker = new HistoryChecker();
  readonly #auditor = new Auditor();
  readonly #faults: string[] = [];
  readonly #writers: readonly Writer[];
  readonly #readers: readonly Reader[] = [new Reader("reader-1", "single"), new Reader("reader-2", "batch")];
  readonly #visitor = new Reader("visitor", "single");
  readonly #wanderer: Wanderer;
  readonly #listener: Listener;
  readonly #founder: Founder;
  #sockets = 0;
  #visits = 0;
  #isOver = false;

  constructor(hub: HubProcess, options: SoakOptions, channel: Pick<Ground, "channel" | "epoch">) {
    const { seed } = options;
    this.#hub = hub;
    this.#options = options;
    const record: Ground["record"] = (event) => this.#checker.record(event);
    this.#ground = { url: hub.url, ...channel, record, nextSocket: () => ++this.#sockets };
    this.#writers = [1, 2].map((n) => new Writer(`writer-${n}`, new Dice(seed + n)));
    this.#wanderer = new Wanderer("wanderer", new Dice(seed + 3));
    this.#listener = new Listener("listener", new Dice(seed + 4));
    this.#founder = new Founder("founder", new Dice(seed + 5), (detail) => void this.#faults.push(detail));
    for (const writer of this.#writers) writer.pause_ms = WRITER_MS;
    this.#wanderer.pause_ms = WANDERER_MS;
    this.#founder.pause_ms = FOUNDER_MS;
  }

  async run(): Promise<SoakReport> {
    const ground = this.#ground;
    const sockets = [...this.#writers, ...this.#readers, this.#listener].map((agent) => agent.run(ground));
    const rest = [this.#wanderer.run(ground), this.#founder.run(this.#hub.url), this.#visit(), this.#audit()];
    const samples = await this.#sample();
    this.#isOver = true;
    for (const agent of [...this.#writers, this.#wanderer, this.#founder, this.#listener]) agent.stop();
    await Promise.all(rest);
    await this.#comeToRest();
    await this.#hub.kill();
    await Promise.all(sockets);
    return this.#report(samples);
  }

  async #sample(): Promise<Sample[]> {
    const started = Date.now();
    const samples: Sample[] = [];
    while (Date.now() - started < this.#options.minutes * 60_000) {
      await sleep(SAMPLE_MS);
      samples.push({ at: Date.now() - started, memory: await this.#memory(), storage: await this.#storage() });
    }
    return samples;
  }

  async #memory(): Promise<number> {
    const status = await readFile(`/proc/${this.#hub.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  async #storage(): Promise<number> {
    const state = join(this.#hub.directory, "state");
    const names = await readdir(state, { recursive: true });
    const sizes = await Promise.all(names.map((name) => sizeOf(join(state, name))));
    return sizes.reduce((sum, size) => sum + size, 0) / 1024 / 1024;
  }

  async #visit(): Promise<void> {
    while (!this.#isOver) {
      const gone = this.#visitor.run(this.#ground);
      await sleep(VISIT_MS);
      this.#visitor.leave();
      await gone;
      this.#visits++;
    }
  }

  async #audit(): Promise<void> {
    while (!this.#isOver) {
      await this.#auditor.readOn(this.#ground);
      await call(this.#hub.url, "/api/channel/list?limit=1000");
      await sleep(AUDIT_MS);
    }
  }

  async #comeToRest(): Promise<void> {
    const deadline = Date.now() + HANGING_MS;
    const isResting = (): boolean =>
      this.#writers.every((writer) => writer.isIdle) &&
      this.#readers.every((reader) => reader.position >= this.#checker.last_seq);
    do await this.#auditor.readOn(this.#ground);
    while (!isResting() && Date.now() < deadline);
    await this.#auditor.readPresence(this.#ground);
    this.#checker.finish();
  }

  #report(samples: readonly Sample[]): SoakReport {
    const warm = samples.slice(Math.floor(samples.length * WARM_UP));
    const [first, last] = [warm[0], warm.at(-1)];
    if (first === undefined || last === undefined) throw new Error("a run too short to say anything");
    const violations = this.#checker.violations.map(({ rule, detail }) => `${rule}: ${detail}`);
    return {
      seed: this.#options.seed,
      minutes: this.#options.minutes,
      messages: this.#checker.last_seq,
      channels: this.#founder.foundings.length,
      visits: this.#visits,
      listens: this.#listener.answered,
      moves: this.#wanderer.moves,
      samples: [first, last],
      memory_slope: slope(warm, ({ memory }) => memory),
      storage_slope: slope(warm, ({ storage }) => storage),
      unread: this.#checker.unread,
      violations: [...violations, ...this.#faults],
    };
  }
}

/** Least squares, an hour. */
function slope(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(samples.map(({ at }) => at)), mean(samples.map(of))];
  const over = samples.reduce((sum, sample) => sum + (sample.at - x) * (of(sample) - y), 0);
  const under = samples.reduce((sum, { at }) => sum + (at - x) ** 2, 0);
  return under === 0 ? 0 : (over / under) * 3_600_000;
}

/** Bytes; none of a journal that a commit took away meanwhile. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}
