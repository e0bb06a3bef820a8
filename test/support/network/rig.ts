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
import type { Patch } from "../process/build.ts";
import { Application, KINDS, type Setting } from "./application.ts";
import { type Cut, FaultyProxy, type Pipe } from "./faulty-proxy.ts";
import { SleepyHost } from "./sleepy-host.ts";

const AGENTS = 5;
/** One cut in this many is a stall. */
const STALL_EVERY = 4;
/** A cut comes within this many bytes of its arming: some messages, which are small on their way up. */
const CUT_BYTES = { up: 500, down: 4000 };
/** Milliseconds between two rounds at most, and unanswered sends that stop new ones. */
const ROUND_MS = 60;
const OPEN_MOST = 100;
/** The client's times, short enough for a run of seconds; the delays of the proxy stay below them. */
const TIMING = {
  ping_ms: 300,
  pong_ms: 700,
  probe_ms: 500,
  silent_ms: 300,
  open_ms: 3000,
  stable_ms: 1000,
  backoff: { least: 20, most: 500 },
};
/** In one round of so many a machine falls asleep, something else answers for a while, a link begins to flap. */
const [SLEEP_EVERY, LIE_EVERY, FLAP_EVERY] = [20, 8, 25];
/** A machine that sleeps this long finds that its clock is further: more than a client repeats a send, and the hub remembers it. */
const [ASLEEP_MS, LEAP_MS] = [2500, 6 * 60_000];
/** Connections that are answered in the hub's place at a time, at most. */
const LIES_MOST = 4;
/** Who is without a link for this long was shut out: the hub hears of dead links only after twice that. */
const SHUT_OUT_MS = 60_000;
/** Links of a key that vanish one after the other: more than a key may have sockets. */
const FLAPS = 12;
/** A hub that forgets sends sooner than a machine sleeps: with this patch it is built for the rig. */
export const FORGETFUL: Patch = {
  file: "src/protocol/limits.ts",
  find: "export const DEDUPE_MS = 5 * 60_000;",
  replace: "export const DEDUPE_MS = 2000;",
};
/** Only guards against hanging: the report then says what is missing. */
const HANGING_MS = 120_000;

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
  /** Sends that were too old when their machine woke, and are in no channel. */
  readonly unsent: number;
  readonly sleeps: number;
  /** Connections that something else answered. */
  readonly lies: number;
  /** Links that vanished as soon as they were up. */
  readonly flaps: number;
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
  const settings = Array.from({ length: AGENTS }, (_, at) => {
    return { key: `agent-${at + 1}`, kind: KINDS[at % KINDS.length] ?? "listener", machine: new SleepyHost() };
  });
  const clients = settings.map((setting) => newClient(proxy.url, setting));
  const applications: Application[] = [];
  for (const [at, client] of clients.entries()) {
    const setting = settings[at];
    if (setting !== undefined) applications.push(await Application.connect(client, channel, setting));
  }
  const report = await new NetworkRig(options, { hub, proxy, channel, applications }).run();
  await Promise.all(clients.map((client) => client.disconnect(channel)));
  return report;
}

/** One line for people. */
export function describeNetwork(report: NetworkReport): string {
  const { seed, seconds, resets, stalls, sent, acked, unsent, duplicates, breaks, silences, told, violations } = report;
  const faults = `${report.sleeps} sleeps, ${report.lies} lies and ${report.flaps} flaps`;
  const cuts = `${resets} resets, ${stalls} stalls, ${faults} in ${seconds.toFixed(1)} s`;
  const traffic = `${sent} sent, ${acked} acked, ${unsent} unsent, ${duplicates} duplicates, ${told} told, ${breaks} breaks, ${silences} silences`;
  return `network rig: seed ${seed}, ${cuts}, ${traffic}, ${violations.length} violations`;
}

function newClient(url: string, { key, machine }: Setting): HubClient {
  return new HubClient({ url, key: HUB_KEY, agent: { key, kind: "service" }, timing: TIMING, host: machine.host });
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
  /** Sends beside those that were asked for: the last of machines that fall asleep. */
  #extra = 0;
  readonly #sleeps: Promise<void>[] = [];

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
    for (let round = 1; round <= cuts; round++) {
      this.#vex(round);
      await this.#round(Math.floor((messages * round) / cuts));
    }
    await this.#finishCuts();
    await Promise.all(this.#sleeps);
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
      const awake = applications.filter(({ machine }) => !machine.isAsleep);
      awake[this.#dice.roll(0, awake.length - 1)]?.send(`message ${++this.#sent}`);
      if (this.#dice.roll(1, 4) === 1) await sleep(this.#dice.roll(0, 5));
    }
    await sleep(this.#dice.roll(0, ROUND_MS));
    await until(() => applications.reduce((sum, { open }) => sum + open, 0) < OPEN_MOST);
    await this.#readLog();
  }

  /** What goes wrong beside the cuts. */
  #vex(round: number): void {
    const { proxy, applications } = this.#scene;
    const awake = applications.filter(({ machine }) => !machine.isAsleep);
    const one = awake[this.#dice.roll(0, awake.length - 1)];
    if (one === undefined) return;
    if (round % LIE_EVERY === 0) proxy.lies = this.#dice.roll(1, LIES_MOST);
    if (round % FLAP_EVERY === 0) proxy.flaps.set(one.key, FLAPS);
    if (round % SLEEP_EVERY === 0 && awake.length > 1) this.#sleeps.push(this.#sleep(one));
  }

  /** A machine falls asleep in the midst of its sends, and its link dies without a word. */
  async #sleep(application: Application): Promise<void> {
    application.sleeps++;
    for (let more = this.#dice.roll(1, 3); more > 0; more--) {
      this.#extra++;
      application.send(`message ${application.key} before sleep ${this.#extra}`);
    }
    await sleep(this.#dice.roll(0, 20));
    application.machine.sleep();
    this.#scene.proxy.stall(application.key);
    await sleep(ASLEEP_MS);
    application.machine.wake(LEAP_MS);
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
      sent: this.#sent + this.#extra,
      unsent: total(({ refusals }) => refusals.length),
      sleeps: this.#sleeps.length,
      lies: this.#scene.proxy.lied,
      flaps: this.#scene.proxy.flapped,
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
  const { key, told, acks, gaps, refusals, sleeps, longest_outage } = application;
  const due = dueTo(application, log);
  const own = log.filter(({ from }) => from === key);
  // Of what was too old when its machine woke the client says that it is not there: it must not be.
  const old = refusals.filter(({ error }) => sleeps > 0 && error.code === "not_sent");
  const unsent = new Set(old.map(({ text }) => text));
  const texts = application.texts.filter((text) => !unsent.has(text));
  return [
    ...differences(`${key} was told`, idsOf(told), idsOf(due)),
    ...differences(
      `${key} sent`,
      own.map(({ text }) => text),
      texts,
    ),
    ...differences(`${key} was acked`, idsOf(acks.map(({ message }) => message)), idsOf(own)),
    ...(longest_outage > SHUT_OUT_MS ? [`${key} was shut out for ${Math.round(longest_outage / 1000)} s`] : []),
    ...gaps.map((gap) => `${key} met a gap ${JSON.stringify(gap)}`),
    ...refusals
      .filter(({ text }) => !unsent.has(text))
      .map(({ error }) => `${key} was refused: ${error.code} ${error.message}`),
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
