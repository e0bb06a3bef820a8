/** What the owner pays: measured rows, requests and time by the price list. */
import { HUB_KEY, type HubProcess } from "../test/support/process/hub-process.ts";
import { Agent } from "../test/support/process/agent.ts";
import type { Bench } from "./bench.ts";
import { bill } from "./bill.ts";
import { cpuPerMessage } from "./figures.ts";
import { dollarsPerMillion, freeADay, PRICES_DATE, SOCKET_MESSAGES_PER_REQUEST, type Use } from "./prices.ts";
import { countRows } from "./rows.ts";
import { absolute, figure, type Goal, type Section, section } from "./section.ts";
import { ask, fill, hubSpeech, makeChannel, startWorker, target } from "./servers.ts";

/** A reader says `seen`, as the product's client does, after so many messages. */
const SEEN_MESSAGES = 100;
const LONE_DOLLARS = 1.02;
const BURST_DOLLARS = 0.25;
const BURST = 20;
/** An object without an event sleeps after ten seconds. */
const SLEEP_S = 12;

/** How messages come. */
interface Pace {
  readonly name: string;
  readonly a_second: number;
  /** Under way at once. */
  readonly burst: number;
  /** True: the object was asleep before each. */
  readonly isAsleep: boolean;
}

const PACES: readonly Pace[] = [
  { name: "1 a minute, asleep", a_second: 1 / 60, burst: 1, isAsleep: true },
  { name: "1 a second", a_second: 1, burst: 1, isAsleep: false },
  { name: "50 a second", a_second: 50, burst: 1, isAsleep: false },
  ...[2, 5, 10, BURST, 50].map((burst) => ({ name: `${burst} at once`, a_second: Infinity, burst, isAsleep: false })),
];
const SMOKE_PACES: readonly Pace[] = PACES.filter(({ name }) => name === "50 a second" || name === `${BURST} at once`);

export async function money(bench: Bench): Promise<Section[]> {
  await using hub = await startWorker("counted-hub", "memory");
  const sections = [await messages(bench, hub), await polls(bench, hub), await writers(hub), await sleepers(bench)];
  return [...sections, ...(await bill())];
}

interface Cost {
  readonly links: number;
  readonly pace: Pace;
  readonly use: Use;
}

async function messages(bench: Bench, hub: HubProcess): Promise<Section> {
  const sizes = bench.isSmoke ? [2] : [2, 10, 100];
  const costs: Cost[] = [];
  for (const links of sizes) {
    const first = await makeChannel(hub, links);
    await fill(bench.load, hub, first);
    for (const pace of bench.isSmoke ? SMOKE_PACES : PACES) {
      bench.say(`${links} participants, ${pace.name}`);
      // A wake reads back the sends of five minutes: a channel that slept has had no thousand of them.
      const channel = pace.isAsleep ? await makeChannel(hub, links) : first;
      costs.push({ links, pace, use: await messageUse(bench, hub, { links, pace, first: channel }) });
    }
  }
  return section("A million messages between connected agents", {
    columns: [
      "participants",
      "pace",
      "rows written",
      "rows read",
      "requests",
      "ms",
      "$/M",
      "free plan, a day",
      "ends with",
    ],
    rows: costs.map(({ links, pace, use }) => [String(links), pace.name, ...priced(use)]),
    goals: costs.flatMap(goalsOf),
    notes: [
      `Prices of ${PRICES_DATE}, beyond what a plan includes. Requests: the send and the readers' \`seen\` (after ${SEEN_MESSAGES} messages), ${SOCKET_MESSAGES_PER_REQUEST} socket messages to a request. Time: the server's CPU; asleep, until the last reader has the message.`,
    ],
    points: Object.fromEntries(
      sizes.map((links) => [
        `${links} participants`,
        costs
          .filter((cost) => cost.links === links && !(cost.pace.a_second < 50))
          .map(({ pace, use }) => [pace.burst, dollarsPerMillion(use)] as const),
      ]),
    ),
  });
}

function goalsOf({ links, pace, use }: Cost): Goal[] {
  const [dollars, text] = [dollarsPerMillion(use), `$/M, ${pace.name}, ${links} participants`];
  if (pace.burst === 1) return [absolute(text, dollars, { most: LONE_DOLLARS })];
  return pace.burst === BURST ? [absolute(text, dollars, { most: BURST_DOLLARS })] : [];
}

function priced(use: Use): string[] {
  const { count, bound } = freeADay(use);
  const { rows_written, rows_read, object_requests, worker_requests, seconds } = use;
  const requests = worker_requests + object_requests;
  return [
    ...[rows_written, rows_read, requests, seconds * 1000, dollarsPerMillion(use)].map((value) => figure(value)),
    Math.floor(count).toLocaleString("en"),
    bound,
  ];
}

interface Shape {
  readonly links: number;
  readonly pace: Pace;
  readonly first: number;
}

/** Of one message. Lone ones are sent at a steady rate, the others keep so many under way. */
async function messageUse(bench: Bench, hub: HubProcess, { links, pace, first }: Shape): Promise<Use> {
  const most = bench.isSmoke ? 20 : 100;
  const { burst, isAsleep } = pace;
  const lone = { rate: 50, messages: isAsleep ? 1 : most, hold: isAsleep ? SLEEP_S : 0 };
  const how = burst === 1 ? lone : { in_flight: burst, messages: most * burst };
  const speech = target(hub, hubSpeech("batch"));
  const connect = async (): Promise<void> =>
    void (await bench.load.messages(speech, { links, first, rate: 1, warm: 0, measure: 0 }));
  // What the first connects write of their participants, and every connect reads, is no message's cost.
  await connect();
  const connected = await countRows(hub, connect);
  let [sent, seconds] = [0, 0];
  const rows = await countRows(hub, async () => {
    const figures = await bench.load.messages(speech, { links, first, ...how, warm: 0, measure: 60 });
    sent = figures.messages;
    seconds = isAsleep ? figures.delivery_p99_ms / 1000 : cpuPerMessage(figures) / 1e6;
  });
  return {
    worker_requests: 0,
    object_requests: (1 + (links - 1) / SEEN_MESSAGES) / SOCKET_MESSAGES_PER_REQUEST,
    seconds,
    rows_read: (rows.read - connected.read) / sent,
    rows_written: (rows.written + rows.index_written) / sent,
  };
}

/** Requests over HTTP, priced apart: each is one of the Worker and one of the object. */
async function polls(bench: Bench, hub: HubProcess): Promise<Section> {
  bench.say("polls");
  const channel = await makeChannel(hub, 2);
  await fill(bench.load, hub, channel);
  const id = `ch-${channel}`;
  const { last_seq } = await ask(hub, `/api/channel/${id}`);
  const paths: Record<string, () => Promise<unknown>> = {
    "a send over HTTP": () => ask(hub, "/api/channel/send", { channel_id: id, key: "a1", text: "hello" }),
    "a listen that finds nothing": () => ask(hub, `/api/channel/${id}/listen?key=a1&after=${Number(last_seq) + 100}`),
    "a listen that finds 50": () =>
      ask(hub, `/api/channel/${id}/listen?key=a0&after=${Number(last_seq) - 50}&limit=50`),
    "a history of 50": () => ask(hub, `/api/channel/${id}/history`),
    "a history of 1000": () => ask(hub, `/api/channel/${id}/history?limit=1000`),
  };
  const rows: string[][] = [];
  for (const [name, request] of Object.entries(paths)) {
    const { read, written } = await countRows(hub, async () => void (await request()));
    rows.push([
      name,
      ...priced({ worker_requests: 1, object_requests: 1, seconds: 0.001, rows_read: read, rows_written: written }),
    ]);
  }
  return section("A million requests over HTTP", {
    columns: ["", "rows written", "rows read", "requests", "ms", "$/M", "free plan, a day", "ends with"],
    rows,
    notes: [
      "An agent that polls every 5 s makes 17,280 requests a day, one that waits 55 s in a listen 1,571, one on a socket none. A millisecond of object time is assumed.",
    ],
  });
}

/** What writes rows, and what does not. */
async function writers(hub: HubProcess): Promise<Section> {
  const number = await makeChannel(hub, 2);
  const id = `ch-${number}`;
  const agent = await Agent.connect(hub.url, id, "key=a1");
  await agent.next();
  await ask(hub, "/api/channel/list?limit=1000");
  const say = (command: object) => (): Promise<unknown> => agent.ask(command);
  const steps: readonly (readonly [name: string, rows: number, step: () => Promise<unknown>])[] = [
    ["the first change after a list", 3, say({ action: "send", text: "one" })],
    ["a message", 1, say({ action: "send", text: "two" })],
    ["a message over HTTP", 1, () => ask(hub, "/api/channel/send", { channel_id: id, key: "a0", text: "x" })],
    ["a message through /mcp", 1, () => sendByTool(hub, id)],
    ["its delivery, and a history", 0, async () => [await agent.next(), await agent.ask({ action: "history" })]],
    ["`seen`, then a history", 0, () => (agent.say({ action: "seen", seq: 4 }), agent.ask({ action: "history" }))],
    ["a ping", 0, say("ping" as unknown as object)],
    ["a read position", 1, say({ action: "read", seq: 4 })],
    ["the same read position", 0, say({ action: "read", seq: 4 })],
    ["a refused command", 0, say({ action: "send", text: "" })],
    ["connect and disconnect", 0, async () => await reconnect(hub, id)],
    ["details, history, listen", 0, () => readAll(hub, id)],
    ["a join", 2, () => ask(hub, "/api/channel/join", { channel_id: id, key: "new" })],
    ["joining again", 0, () => ask(hub, "/api/channel/join", { channel_id: id, key: "new" })],
    ["a leave", 2, () => ask(hub, "/api/channel/leave", { channel_id: id, key: "new" })],
    ["a create", 1, () => ask(hub, "/api/channel/create", { name: "x", key: "a0" })],
  ];
  const rows: string[][] = [];
  const goals: Goal[] = [];
  for (const [name, most, step] of steps) {
    const { written, index_written } = await countRows(hub, async () => void (await step()));
    rows.push([name, figure(written), figure(index_written)]);
    goals.push(absolute(`rows of: ${name}`, written + index_written, { most }));
  }
  await agent.close();
  return section("Rows written", { columns: ["", "channel", "index"], rows, goals });
}

async function sendByTool(hub: HubProcess, channel: string): Promise<unknown> {
  const args = { action: "send", channel, text: "x", key: "a0" };
  const params = { name: "spf_channel", arguments: args };
  return await ask(hub, "/mcp", { jsonrpc: "2.0", id: 1, method: "tools/call", params });
}

async function reconnect(hub: HubProcess, id: string): Promise<void> {
  const again = await Agent.connect(hub.url, id, "key=a0", { "x-spf-key": HUB_KEY });
  await again.next();
  await again.close();
}

async function readAll(hub: HubProcess, id: string): Promise<unknown> {
  return [
    await ask(hub, `/api/channel/${id}`),
    await ask(hub, `/api/channel/${id}/history`),
    await ask(hub, `/api/channel/${id}/listen?key=a0`),
  ];
}

/** Connected agents that say nothing: their objects must sleep, for what sleeps is not billed. */
async function sleepers(bench: Bench): Promise<Section> {
  const [groups, links] = bench.isSmoke ? [3, 4] : [100, 20];
  const title = `${groups} channels × ${links} silent agents`;
  bench.say(title);
  await using hub = await startWorker("counted-hub", "memory");
  const first = await makeChannel(hub, 0);
  for (let made = 1; made < groups; made++) await makeChannel(hub, 0);
  const hold = bench.isSmoke ? 0.2 : 15;
  const work = { groups, links, first, hold, warm: 0, rate: 50, messages: groups, measure: 60 };
  let sent = 0;
  const connected = await countRows(hub, async () => {
    const figures = await bench.load.messages(target(hub, hubSpeech("batch")), work);
    sent = figures.messages;
  });
  // Each object was made once to take its sockets, and again for the message after the silence.
  const slept = connected.made - groups;
  return section(title, {
    columns: ["messages after the silence", "objects that had slept", "of"],
    rows: [[figure(sent), figure(slept), figure(groups)]],
    goals: bench.isSmoke ? [] : [absolute("objects awake, billed for duration", groups - slept, { most: 0 })],
    notes: [
      `After ${hold} s of silence each channel got one message; an object that had slept is constructed anew for it.`,
    ],
  });
}
