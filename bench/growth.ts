/** What grows when something grows: participants, channels, history, texts, idle sockets, lists. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { HubProcess } from "../test/support/process/hub-process.ts";
import type { Bench } from "./bench.ts";
import { control } from "./control.ts";
import { cpuPerDelivery, cpuPerMessage, deliveriesPerSecond, messagesPerSecond, ownCores } from "./figures.ts";
import type { Figures, Target, Work } from "./load.ts";
import { compare, typical } from "./rounds.ts";
import { absolute, figure, percent, type Section, section } from "./section.ts";
import { BARE_SPEECH, fill, hubSpeech, makeChannel, startWorker, target } from "./servers.ts";
import { slope } from "./statistics.ts";

export async function growth(bench: Bench): Promise<Section[]> {
  await using bare = await startWorker("bare", "memory");
  await using hub = await startWorker("hub", "memory");
  const servers = { bare, hub };
  bench = { ...bench, rules: { ...bench.rules, most: bench.rules.least } };
  return [
    await participants(bench, servers),
    await channels(bench, servers),
    await ring(bench, hub),
    await texts(bench, servers),
    await idle(bench),
    ...(await control(bench)),
  ];
}

interface Servers {
  readonly bare: HubProcess;
  readonly hub: HubProcess;
}

const NAMES = ["bare", "single", "batch"] as const;
type Name = (typeof NAMES)[number];

function targets({ bare, hub }: Servers): Record<Name, Target> {
  return {
    bare: target(bare, BARE_SPEECH),
    single: target(hub, hubSpeech("single")),
    batch: target(hub, hubSpeech("batch")),
  };
}

/** A point of a growth: the same work by all three. */
async function point(
  bench: Bench,
  servers: Servers,
  work: Work,
): Promise<(name: Name, of: (one: Figures) => number) => number> {
  const times = bench.isSmoke ? { warm: 0.1, measure: 0.3 } : { warm: 1, measure: 2 };
  const all = targets(servers);
  const run = (name: Name) => () => bench.load.messages(all[name], { ...work, ...times });
  const contenders = { bare: run("bare"), single: run("single"), batch: run("batch") };
  const result = await compare({ reference: "bare", contenders, pace: deliveriesPerSecond }, bench.rules);
  return (name, of) => typical(result, name, of);
}

async function participants(bench: Bench, servers: Servers): Promise<Section> {
  const sizes = bench.isSmoke ? [2, 10] : [2, 10, 30, 100, 300, 1000];
  const points: Record<Name, [number, number][]> = { bare: [], single: [], batch: [] };
  for (const links of sizes) {
    bench.say(`${links} participants`);
    const first = await makeChannel(servers.hub, links);
    const publishers = Math.min(links, 10);
    const at = await point(bench, servers, {
      links,
      first,
      publishers,
      in_flight: Math.max(1, Math.round(20 / publishers)),
    });
    for (const name of NAMES) points[name].push([links, at(name, cpuPerDelivery)]);
  }
  return section("Participants: server CPU of a delivery, µs, about 20 messages in flight", {
    columns: ["", ...sizes.map(String), "slope from 10"],
    rows: NAMES.map((name) => [
      name,
      ...points[name].map(([, cpu]) => figure(cpu)),
      figure(slopeOf(points[name].slice(1))),
    ]),
    points,
    notes: ["A slope of 0 is flat, 1 would be linear."],
  });
}

function slopeOf(points: readonly (readonly [number, number])[]): number {
  const [first, last] = [points[0], points.at(-1)];
  return first === undefined || last === undefined || first === last ? NaN : slope(first, last);
}

/** Channels and sockets of each; 1000 sockets or more in all. */
const GROUPS = [
  [1, 1000],
  [10, 100],
  [100, 10],
  [500, 2],
  [1000, 2],
] as const;

async function channels(bench: Bench, servers: Servers): Promise<Section> {
  const sizes = bench.isSmoke ? ([[5, 2]] as const) : GROUPS;
  const points: Record<Name, [number, number][]> = { bare: [], single: [], batch: [] };
  for (const [groups, links] of sizes) {
    bench.say(`${groups} channels of ${links}`);
    const first = await makeChannels(servers.hub, groups, links);
    const publishers = groups === 1 ? 10 : groups === 10 ? 2 : 1;
    const at = await point(bench, servers, { groups, links, first, publishers, in_flight: groups === 1 ? 2 : 1 });
    for (const name of NAMES) points[name].push([groups, at(name, cpuPerDelivery)]);
  }
  return section("Channels at about 1000 sockets in all: server CPU of a delivery, µs", {
    columns: ["", ...sizes.map(([groups, links]) => `${groups} × ${links}`)],
    rows: NAMES.map((name) => [name, ...points[name].map(([, cpu]) => figure(cpu))]),
    points,
    notes: [
      "20 messages in flight in all, from 100 channels on one in each: then nothing can be written together, and each message is a commit in a database of its own.",
    ],
  });
}

/** Gives the number of the first. In small channels everybody joins by connecting. */
async function makeChannels(hub: HubProcess, groups: number, links: number): Promise<number> {
  const first = await makeChannel(hub, links > 10 ? links : 0);
  for (let made = 1; made < groups; made++) await makeChannel(hub, links > 10 ? links : 0);
  return first;
}

/** The first messages of a channel against those of one whose ring is full: an INSERT against an overwrite. */
async function ring(bench: Bench, hub: HubProcess): Promise<Section> {
  bench.say("empty and full ring");
  const full = await makeChannel(hub, 10);
  await fill(bench.load, hub, full);
  const work = { links: 10, publishers: 5, in_flight: 4, warm: 0, measure: 30, messages: 900 };
  const speech = target(hub, hubSpeech("single"));
  const contenders = {
    "full ring": () => bench.load.messages(speech, { ...work, first: full }),
    "empty ring": async () => bench.load.messages(speech, { ...work, first: await makeChannel(hub, 10) }),
  };
  const result = await compare({ reference: "full ring", contenders, pace: messagesPerSecond }, bench.rules);
  return section("Empty and full ring, 10 participants, 900 messages", {
    columns: ["", "messages/s", "CPU µs/message"],
    rows: Object.keys(contenders).map((name) => [
      name,
      figure(typical(result, name, messagesPerSecond)),
      figure(typical(result, name, cpuPerMessage)),
    ]),
    notes: [`The full ring against itself ± ${percent(result.noise)}.`],
  });
}

async function texts(bench: Bench, servers: Servers): Promise<Section> {
  const sizes = bench.isSmoke ? [64, 65_536] : [64, 256, 1024, 4096, 16_384, 65_536];
  const points: Record<Name, [number, number][]> = { bare: [], single: [], batch: [] };
  for (const text of sizes) {
    bench.say(`texts of ${text} bytes`);
    const first = await makeChannel(servers.hub, 10);
    const at = await point(bench, servers, { links: 10, publishers: 5, first, text });
    for (const name of NAMES) points[name].push([text, at(name, cpuPerDelivery)]);
  }
  return section("Texts, 10 participants, 5 in flight: server CPU of a delivery, µs", {
    columns: ["", ...sizes.map((size) => `${size} B`), "slope of the last"],
    rows: NAMES.map((name) => [
      name,
      ...points[name].map(([, cpu]) => figure(cpu)),
      figure(slopeOf(points[name].slice(-2))),
    ]),
    points,
    notes: [
      "No more in flight, because ten such texts between two `seen` are more than the 1 MiB that a reader may have unread: the hub would take it for slow and let it read on by `history`.",
    ],
  });
}

const IDLE_SOCKETS = 10_000;
/** What else a process has open; and the runtime holds a socket twice. */
const FILES_BESIDE = 500;
const FILES_WANTED: number = IDLE_SOCKETS * 2 + FILES_BESIDE;
/** After ten seconds without an event the object sleeps. */
const SLEEP_S = 12;

/** Raises the open files that this process, and those it starts, may have; gives how many there are now. */
async function raiseOpenFiles(): Promise<number> {
  const raise = promisify(execFile)("prlimit", [`--pid=${process.pid}`, `--nofile=${FILES_WANTED}:${FILES_WANTED}`]);
  // Only root may go beyond the hard limit, and not every machine has the program: then it stays as it is.
  await raise.catch(() => undefined);
  const limits = await readFile("/proc/self/limits", "utf8");
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
}

/** Ten thousand sockets on one channel that say nothing; then one message reaches them all. */
async function idle(bench: Bench): Promise<Section> {
  const per_key = 8;
  const wanted = bench.isSmoke ? 200 : IDLE_SOCKETS;
  const files = await raiseOpenFiles();
  const links = Math.min(wanted, per_key * Math.floor((files - FILES_BESIDE) / 2 / per_key));
  const title = `${links.toLocaleString("en")} idle sockets on one channel`;
  bench.say(title);
  await using hub = await startWorker("hub", "memory");
  const first = await makeChannel(hub, links / per_key);
  const hold = bench.isSmoke ? 0.2 : SLEEP_S;
  const work = { links, per_key, first, opening: 64, hold, warm: 0, rate: 1, messages: 1, measure: 60 };
  const held = await bench.load.messages(target(hub, hubSpeech("single")), work);
  const kb = held.held_kb / links;
  return section(title, {
    columns: ["opened in s", "kB each", "dead", "reached by one message", "after ms (p99)", "generator, cores"],
    rows: [
      [held.opening_s, kb, held.dead, held.deliveries, held.delivery_p99_ms, ownCores(held)].map((value) =>
        figure(value),
      ),
    ],
    goals: [
      absolute("kB of memory each", kb, { most: 110 }),
      absolute("dead sockets", held.dead, { most: 0 }),
      absolute("sockets that one message did not reach", links - per_key - held.deliveries, { most: 0 }),
    ],
    notes: [
      `HUB_MAX_SOCKETS=0; ${per_key} sockets of an agent, which are not told its own messages.`,
      ...(links < wanted
        ? [`Not ${wanted}: this machine allows ${files} open files, and the runtime holds a socket twice.`]
        : []),
    ],
  });
}
