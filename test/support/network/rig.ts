/**
 * The network rig: five applications on real clients talk through a bad network to a real hub, which
 * breaks their links again and again. In the end each must have been told every message of the
 * others once and in order, and every send must stand in the log once, in the order of its calls.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { HubClient } from "../../../src/client/index.ts";
import type { Message } from "../../../src/protocol/index.ts";
import { Dice } from "../crash/dice.ts";
import { call, createChannel } from "../process/agent.ts";
import { HUB_KEY, HubProcess } from "../process/hub-process.ts";
import { Application, KINDS } from "./application.ts";
import { type Cut, FaultyProxy, type Pipe } from "./faulty-proxy.ts";

const AGENTS = 5;
/** One cut in this many is a stall. */
const STALL_EVERY = 4;
/** A cut comes within this many bytes of its arming: some messages, which are small on their way up. */
const CUT_BYTES = { up: 500, down: 4000 };
/** Milliseconds between two rounds at most, and unanswered sends that stop new ones. */
const ROUND_MS = 60;
const OPEN_MOST = 100;
/** The client's times, short enough for a run of seconds; the delays of the proxy stay below them. */
const TIMING = { ping_ms: 300, pong_ms: 700, open_ms: 3000, stable_ms: 1000, backoff: { least: 20, most: 500 } };
/** Only guards against hanging: the report then says what is missing. */
const HANGING_MS = 60_000;

export interface NetworkOptions {
  /** The bundle to run. */
  readonly worker: string;
  readonly cuts: number;
  readonly messages: number;
  readonly seed: number;
}

export interface NetworkReport {
  readonly seed: number;
  readonly seconds: number;
  readonly resets: number;
  readonly stalls: number;
  readonly sent: number;
  readonly acked: number;
  /** Acks that said `duplicate`: their first ack was lost. */
  readonly duplicates: number;
  readonly breaks: number;
  /** Links that were found dead by silence. */
  readonly silences: number;
  readonly told: number;
  /** Everything that is not as promised. */
  readonly violations: readonly string[];
}

export async function runNetworkRig(options: NetworkOptions): Promise<NetworkReport> {
  await using hub = await HubProcess.start({
    worker: options.worker,
    variables: { HUB_RATE_PER_SECOND: "0", HUB_LOOP_GUARD: "0" },
  });
  await using proxy = await FaultyProxy.start(hub.port, new Dice(options.seed + 1));
  const channel = await createChannel(hub.url, "network", "maker");
  const clients = Array.from({ length: AGENTS }, (_, at) => newClient(proxy.url, `agent-${at + 1}`));
  const applications: Application[] = [];
  for (const [at, client] of clients.entries())
    applications.push(
      await Application.connect(client, channel, `agent-${at + 1}`, KINDS[at % KINDS.length] ?? "listener"),
    );
  const report = await new NetworkRig(options, { hub, proxy, channel, applications }).run();
  await Promise.all(clients.map((client) => client.disconnect(channel)));
  return report;
}

/** One line for people. */
export function describeNetwork(report: NetworkReport): string {
  const { seed, seconds, resets, stalls, sent, acked, duplicates, breaks, silences, told, violations } = report;
  const cuts = `${resets} resets and ${stalls} stalls in ${seconds.toFixed(1)} s`;
  const traffic = `${sent} sent, ${acked} acked, ${duplicates} duplicates, ${told} told, ${breaks} breaks, ${silences} silences`;
  return `network rig: seed ${seed}, ${cuts}, ${traffic}, ${violations.length} violations`;
}

function newClient(url: string, key: string): HubClient {
  return new HubClient({ url, key: HUB_KEY, agent: { key, kind: "service" }, timing: TIMING });
}

interface Scene {
  readonly hub: HubProcess;
  readonly proxy: FaultyProxy;
  readonly channel: string;
  readonly applications: readonly Application[];
}

class NetworkRig {
  readonly #options: NetworkOptions;
  readonly #scene: Scene;
  readonly #dice: Dice;
  readonly #cut: Pipe[] = [];
  /** The hub's history, read past the proxy. */
  readonly #log: Message[] = [];
  #sent = 0;

  constructor(options: NetworkOptions, scene: Scene) {
    this.#options = options;
    this.#scene = scene;
    this.#dice = new Dice(options.seed);
  }

  async run(): Promise<NetworkReport> {
    const started = Date.now();
    const { proxy, applications } = this.#scene;
    proxy.isFaulty = true;
    const { cuts, messages } = this.#options;
    for (let round = 1; round <= cuts; round++) await this.#round(Math.floor((messages * round) / cuts));
    await this.#finishCuts();
    await until(() => applications.every(({ open }) => open === 0));
    await this.#readLog();
    await until(() =>
      applications.every((application) => application.told.length >= dueTo(application, this.#log).length),
    );
    return this.#report((Date.now() - started) / 1000);
  }

  /** What is armed comes now; links that ended before their cut are made up for. */
  async #finishCuts(): Promise<void> {
    for (const pipe of this.#cut) pipe.fire();
    while (this.#count() < this.#options.cuts) {
      await this.#arm();
      this.#cut.at(-1)?.fire();
    }
  }

  /** Cuts that came. */
  #count(kind?: Cut): number {
    return this.#cut.filter(({ cut }) => cut !== undefined && (kind ?? cut) === cut).length;
  }

  /** Arms a cut on some link, and lets the agents send until there were `sent` messages. */
  async #round(sent: number): Promise<void> {
    await this.#arm();
    const { applications } = this.#scene;
    while (this.#sent < sent) {
      applications[this.#dice.roll(0, AGENTS - 1)]?.send(`message ${++this.#sent}`);
      if (this.#dice.roll(1, 4) === 1) await sleep(this.#dice.roll(0, 5));
    }
    await sleep(this.#dice.roll(0, ROUND_MS));
    await until(() => applications.reduce((sum, { open }) => sum + open, 0) < OPEN_MOST);
    await this.#readLog();
  }

  /** Where every link has its cut before it, they come now: nothing may have to be said for them. */
  async #arm(): Promise<void> {
    const free = (): readonly Pipe[] => this.#scene.proxy.links.filter((pipe) => !this.#cut.includes(pipe));
    if (free().length === 0) for (const pipe of this.#cut) pipe.fire();
    await until(() => free().length > 0);
    const links = free();
    const link = links[this.#dice.roll(0, links.length - 1)];
    if (link === undefined) return;
    const isStall = this.#dice.roll(1, STALL_EVERY) === 1;
    const direction = this.#dice.roll(0, 1) === 0 ? "up" : "down";
    link.arm(isStall ? "stall" : "reset", direction, this.#dice.roll(0, CUT_BYTES[direction]));
    this.#cut.push(link);
  }

  /** Reads on in the history, so that a run may be longer than the ring. */
  async #readLog(): Promise<void> {
    const { hub, channel } = this.#scene;
    for (let isComplete = false; !isComplete;) {
      const after = this.#log.at(-1)?.seq ?? 0;
      const { body } = await call(hub.url, `/api/channel/${channel}/history?after=${after}&limit=1000`);
      this.#log.push(...(body.messages as Message[]).filter(({ seq }) => seq > after));
      isComplete = body.meta.complete as boolean;
    }
  }

  #report(seconds: number): NetworkReport {
    const { applications } = this.#scene;
    const total = (count: (application: Application) => number): number =>
      applications.reduce((sum, application) => sum + count(application), 0);
    return {
      seed: this.#options.seed,
      seconds,
      resets: this.#count("reset"),
      stalls: this.#count("stall"),
      sent: this.#sent,
      acked: total(({ acks }) => acks.length),
      duplicates: total(({ acks }) => acks.filter(({ duplicate }) => duplicate).length),
      breaks: total(({ breaks }) => breaks),
      silences: total(({ silences }) => silences),
      told: total(({ told }) => told.length),
      violations: applications.flatMap((application) => violationsOf(application, this.#log)),
    };
  }
}

/** Messages of the others since the application started. */
function dueTo({ key, start }: Application, log: readonly Message[]): readonly Message[] {
  return log.filter(({ seq, from }) => seq > start && from !== key);
}

/** What an application was promised and did not get. */
export function violationsOf(application: Application, log: readonly Message[]): string[] {
  const { key, told, texts, acks, gaps, refusals } = application;
  const due = dueTo(application, log);
  const own = log.filter(({ from }) => from === key);
  return [
    ...differences(`${key} was told`, idsOf(told), idsOf(due)),
    ...differences(
      `${key} sent`,
      own.map(({ text }) => text),
      texts,
    ),
    ...differences(`${key} was acked`, idsOf(acks.map(({ message }) => message)), idsOf(own)),
    ...gaps.map((gap) => `${key} met a gap ${JSON.stringify(gap)}`),
    ...refusals.map((error) => `${key} was refused: ${error.code} ${error.message}`),
  ];
}

function idsOf(messages: readonly Message[]): string[] {
  return messages.map(({ id }) => id);
}

/** The first place at which two lists part. */
function differences(what: string, actual: readonly string[], expected: readonly string[]): string[] {
  const length = Math.max(actual.length, expected.length);
  const at = Array.from({ length }).findIndex((_, index) => actual[index] !== expected[index]);
  if (at < 0) return [];
  return [`${what} ${actual.length} instead of ${expected.length}; at ${at} ${actual[at]} instead of ${expected[at]}`];
}

/** Waits for a state that honest parties reach; gives up after a while, since the report will say what is missing. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + HANGING_MS;
  while (!isSo() && Date.now() < deadline) await sleep(5);
}
