/**
 * The hub against other ways to do the same work, in the same rounds: everybody in one channel gets
 * every message, the sender an acknowledgement. Only partyserver with storage and JetStream keep
 * what they acknowledge, as the hub does.
 */
import type { Bench } from "./bench.ts";
import { cpuPerDelivery, deliveriesPerSecond, ownCores, serverCores } from "./figures.ts";
import type { Figures, Target } from "./load.ts";
import {
  installPeers,
  jetStream,
  natsCore,
  party,
  type Peer,
  redisBridge,
  socketIo,
  type Started,
  wsHub,
} from "./peer-servers.ts";
import { compare, type Compared, ratio, typical } from "./rounds.ts";
import { compared, figure, type Goal, percent, type Section, section } from "./section.ts";
import { BARE_SPEECH, fill, hubSpeech, makeChannel, startWorker, target } from "./servers.ts";

const PEERS: Readonly<Record<string, () => Promise<Started>>> = {
  "ws, in memory": wsHub,
  "Socket.IO, in memory": socketIo,
  "partyserver, in memory": () => party(false),
  "partyserver, stored": () => party(true),
  "Redis pub/sub, bridge": redisBridge,
  "NATS core": natsCore,
  "NATS JetStream": jetStream,
};

const HUB = "Channel Hub, batch frames";
const HUB_SINGLE = "Channel Hub, one frame a message";
const BARE = "bare Durable Object";

const SHAPES = [
  { links: 10, publishers: 5, in_flight: 4 },
  { links: 100, publishers: 10, in_flight: 2 },
] as const;

/** The hub with batch frames, as a multiple of a peer. JetStream's is the prototype's figure. */
const GOALS: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  10: { "ws, in memory": 1.5, "Socket.IO, in memory": 2, "partyserver, stored": 1.8 },
  100: { "ws, in memory": 2, "Socket.IO, in memory": 2, "NATS JetStream": 0.67 },
};

export async function peers(bench: Bench): Promise<Section[]> {
  bench.say("installing the peers");
  await installPeers();
  await using stack = new AsyncDisposableStack();
  const targets: Record<string, Target> = {};
  const missing: string[] = [];
  for (const [name, begin] of Object.entries(PEERS)) {
    const started = await begin();
    if ("missing" in started) missing.push(`${name}: not run: ${started.missing}`);
    else targets[name] = stack.use<Peer>(started).target;
  }
  const hub = stack.use(await startWorker("hub", "memory"));
  targets[BARE] = target(stack.use(await startWorker("bare", "memory")), BARE_SPEECH);
  const sections: Section[] = [];
  for (const shape of bench.isSmoke ? SHAPES.slice(0, 1) : SHAPES) {
    bench.say(`${shape.links} participants`);
    const first = await makeChannel(hub, shape.links);
    await fill(bench.load, hub, first);
    const all = {
      [BARE]: targets[BARE],
      [HUB]: target(hub, hubSpeech("batch")),
      [HUB_SINGLE]: target(hub, hubSpeech("single")),
      ...targets,
    };
    sections.push(await contest(bench, all, { ...shape, first, missing }));
  }
  return sections;
}

interface Shape {
  readonly links: number;
  readonly publishers: number;
  readonly in_flight: number;
  readonly first: number;
  readonly missing: readonly string[];
}

async function contest(
  bench: Bench,
  targets: Readonly<Record<string, Target>>,
  { missing, ...shape }: Shape,
): Promise<Section> {
  const times = bench.isSmoke ? { warm: 0.1, measure: 0.3 } : { warm: 1, measure: 3 };
  const contenders = Object.fromEntries(
    Object.entries(targets).map(([name, one]) => [name, () => bench.load.messages(one, { ...shape, ...times })]),
  );
  const result = await compare({ reference: BARE, contenders, pace: deliveriesPerSecond }, bench.rules);
  const byPace = Object.keys(targets).toSorted((a, b) => pace(result, b) - pace(result, a));
  return section(`${shape.links} participants, ${shape.publishers} × ${shape.in_flight} in flight`, {
    columns: ["", "deliveries/s", "hub in batches ÷ it", "CPU µs/delivery", "p50 ms", "p99 ms", "cores", "generator"],
    rows: byPace.map((name) => row(result, name)),
    goals: goalsOf(result, shape.links, Object.keys(targets)),
    notes: [...missing, `${result.rounds} rounds; the bare object against itself ± ${percent(result.noise)}.`],
    points: Object.fromEntries(byPace.map((name) => [name, [[shape.links, pace(result, name)] as const]])),
  });
}

function pace(result: Compared<Figures>, name: string): number {
  return typical(result, name, deliveriesPerSecond);
}

function row(result: Compared<Figures>, name: string): string[] {
  const of = (value: (one: Figures) => number): string => figure(typical(result, name, value));
  return [
    name,
    of(deliveriesPerSecond),
    figure(hubBy(result, name)),
    of(cpuPerDelivery),
    of((one) => one.delivery_p50_ms),
    of((one) => one.delivery_p99_ms),
    of(serverCores),
    of(ownCores),
  ];
}

/** How many times as fast as a contender the hub is, both measured by the bare object of their rounds. */
function hubBy(result: Compared<Figures>, name: string): number {
  if (name === BARE) return ratio(result, [HUB, BARE], deliveriesPerSecond);
  return ratio(result, [HUB, BARE], deliveriesPerSecond) / ratio(result, [name, BARE], deliveriesPerSecond);
}

function goalsOf(result: Compared<Figures>, links: number, names: readonly string[]): Goal[] {
  const goals = Object.entries(GOALS[links] ?? {}).filter(([name]) => names.includes(name));
  return goals.map(([name, least]) => compared(`hub in batches ÷ ${name}`, hubBy(result, name), { least }, result));
}
