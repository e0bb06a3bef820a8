/**
 * The hub against the limit that the platform sets: the same work through a Durable Object that
 * stores and checks nothing, in the same rounds. `grouped` stands between them: the least that
 * durable group commit costs, without the hub's rules.
 */
import type { HubProcess } from "../test/support/process/hub-process.ts";
import type { Bench } from "./bench.ts";
import {
  cpuPerDelivery,
  cpuPerMessage,
  deliveriesPerSecond,
  messagesPerSecond,
  ownCores,
  serverCores,
} from "./figures.ts";
import type { Figures, Work } from "./load.ts";
import { compare, type Compared, ratio, typical } from "./rounds.ts";
import { rowsPerMessage } from "./rows.ts";
import { compared, figure, type Goal, percent, type Section, section } from "./section.ts";
import { BARE_SPEECH, fill, type Frames, hubSpeech, makeChannel, type Place, startWorker, target } from "./servers.ts";

/** Participants, publishers, messages in flight of each. */
type Shape = readonly [links: number, publishers: number, in_flight: number];
const SHAPES: readonly Shape[] = [
  [2, 2, 8],
  [10, 5, 4],
  [100, 10, 2],
  [1000, 10, 1],
];
const SMOKE_SHAPES: readonly Shape[] = [
  [2, 2, 8],
  [10, 5, 4],
];

const CONTENDERS = ["bare", "grouped", "single", "batch"] as const;
type Contender = (typeof CONTENDERS)[number];

interface Servers {
  readonly bare: HubProcess;
  readonly grouped: HubProcess;
  readonly hub: HubProcess;
}

/** Goals of throughput and CPU, as shares of bare. */
const GOALS: Readonly<Record<number, { single: number; batch?: number }>> = {
  2: { single: 1.3 },
  10: { single: 0.9, batch: 1.7 },
  100: { single: 0.9, batch: 3 },
  1000: { single: 0.85, batch: 2.5 },
};
const SINGLE_CPU = 1.15;
const BATCH_CPU = 0.55;
/** One in flight, at this many messages a second, may take so much longer than bare. */
const LONE_RATE = 100;
const LONE_MS = 0.4;

export async function platform(bench: Bench): Promise<Section[]> {
  const shapes = bench.isSmoke ? SMOKE_SHAPES : SHAPES;
  const memory = await onPlace(bench, "memory", shapes);
  if (bench.isSmoke) return memory;
  return [...memory, ...(await onPlace(bench, "disk", [[10, 5, 4]]))];
}

async function onPlace(bench: Bench, place: Place, shapes: readonly Shape[]): Promise<Section[]> {
  await using bare = await startWorker("bare", place);
  await using grouped = await startWorker("grouped", place);
  await using hub = await startWorker("hub", place);
  const servers = { bare, grouped, hub };
  const sections: Section[] = [];
  for (const shape of shapes) {
    bench.say(`${shape[0]} participants, state in ${place}`);
    sections.push(await saturated(bench, servers, shape, place));
  }
  if (place === "memory") sections.push(await lone(bench, servers));
  return sections;
}

function contenders({ load }: Bench, servers: Servers, work: Work): Record<Contender, () => Promise<Figures>> {
  const hub = (frames: Frames) => () => load.messages(target(servers.hub, hubSpeech(frames)), work);
  return {
    bare: () => load.messages(target(servers.bare, BARE_SPEECH), work),
    grouped: () => load.messages(target(servers.grouped, BARE_SPEECH), work),
    single: hub("single"),
    batch: hub("batch"),
  };
}

async function saturated(bench: Bench, servers: Servers, shape: Shape, place: Place): Promise<Section> {
  const [links, publishers, in_flight] = shape;
  const first = await makeChannel(servers.hub, links);
  if (!bench.isSmoke) await fill(bench.load, servers.hub, first);
  const times = bench.isSmoke ? { warm: 0.2, measure: 0.4 } : { warm: 1, measure: 3 };
  const work = { links, publishers, in_flight, first, ...times };
  const result = await compare(
    { reference: "bare", contenders: contenders(bench, servers, work), pace: deliveriesPerSecond },
    bench.rules,
  );
  const rows = place === "memory" ? await rowsPerMessage(bench, work) : undefined;
  return section(`${links} participants, ${publishers} × ${in_flight} in flight, state in ${place}`, {
    columns: [
      "",
      "messages/s",
      "÷ bare",
      "CPU µs/message",
      "÷ bare",
      "µs/delivery",
      "p50 ms",
      "p99 ms",
      "cores",
      "generator",
      "rows/message",
    ],
    rows: CONTENDERS.map((name) => row(result, name, rows)),
    goals: place === "disk" ? diskGoals(result) : goalsOf(result, links),
    notes: [noteOn(result)],
    points: Object.fromEntries(
      CONTENDERS.map((name) => [name, [[links, typical(result, name, deliveriesPerSecond)] as const]]),
    ),
  });
}

function row(result: Compared<Figures>, name: Contender, rows: Partial<Record<string, number>> | undefined): string[] {
  const of = (value: (one: Figures) => number): string => figure(typical(result, name, value));
  const share = (value: (one: Figures) => number): string => figure(ratio(result, [name, "bare"], value));
  return [
    name,
    of(messagesPerSecond),
    share(deliveriesPerSecond),
    of(cpuPerMessage),
    share(cpuPerMessage),
    of(cpuPerDelivery),
    of((one) => one.delivery_p50_ms),
    of((one) => one.delivery_p99_ms),
    of(serverCores),
    of(ownCores),
    figure(rows?.[name] ?? NaN),
  ];
}

function noteOn({ rounds, noise, isMeasurable }: Compared<Figures>): string {
  const counted = isMeasurable ? "" : "; not measurable here";
  return `${rounds} rounds; bare against itself ± ${percent(noise)}${counted}.`;
}

function goalsOf(result: Compared<Figures>, links: number): Goal[] {
  const goal = GOALS[links];
  if (goal === undefined) return [];
  const { single, batch } = goal;
  const share = (name: Contender, of: (one: Figures) => number): number => ratio(result, [name, "bare"], of);
  const goals = [
    compared("one frame a message, throughput ÷ bare", share("single", deliveriesPerSecond), { least: single }, result),
    compared("one frame a message, CPU ÷ bare", share("single", cpuPerMessage), { most: SINGLE_CPU }, result),
  ];
  if (batch === undefined) return goals;
  return [
    ...goals,
    compared("batch frames, throughput ÷ bare", share("batch", deliveriesPerSecond), { least: batch }, result),
    compared("batch frames, CPU ÷ bare", share("batch", cpuPerMessage), { most: BATCH_CPU }, result),
  ];
}

function diskGoals(result: Compared<Figures>): Goal[] {
  const share = (name: Contender): number => ratio(result, [name, "bare"], deliveriesPerSecond);
  return [
    compared("on disk, one frame a message, throughput ÷ bare", share("single"), { least: 0.5 }, result),
    compared("on disk, batch frames, throughput ÷ bare", share("batch"), { least: 1.2 }, result),
  ];
}

const p50 = (one: Figures): number => one.delivery_p50_ms;

/** One message in flight at a steady rate: what a message waits for when nothing is busy. */
async function lone(bench: Bench, servers: Servers): Promise<Section> {
  bench.say(`one in flight at ${LONE_RATE} messages a second`);
  const links = 10;
  const first = await makeChannel(servers.hub, links);
  const times = bench.isSmoke ? { warm: 0.2, measure: 0.5 } : { warm: 1, measure: 5 };
  const work = { links, first, rate: LONE_RATE, ...times };
  const result = await compare(
    { reference: "bare", contenders: contenders(bench, servers, work), pace: p50 },
    bench.rules,
  );
  const later = (name: Contender): number => typical(result, name, p50) - typical(result, "bare", p50);
  return section(`One message in flight, ${LONE_RATE} a second, ${links} participants`, {
    columns: ["", "p50 ms", "p99 ms", "CPU µs/message"],
    rows: CONTENDERS.map((name) => [
      name,
      figure(typical(result, name, p50)),
      figure(typical(result, name, (one) => one.delivery_p99_ms)),
      figure(typical(result, name, cpuPerMessage)),
    ]),
    goals: [
      compared("single, p50 beyond bare, ms", later("single"), { most: LONE_MS }, result),
      compared("batch, p50 beyond bare, ms", later("batch"), { most: LONE_MS }, result),
    ],
    notes: [noteOn(result)],
  });
}
