/** Requests: creates, first uses, lists and histories, over sixteen kept connections. */
import type { HubProcess } from "../test/support/process/hub-process.ts";
import type { Bench } from "./bench.ts";
import { ownCores, serverCores } from "./figures.ts";
import type { HttpFigures, Requests } from "./load.ts";
import { absolute, figure, type Section, section } from "./section.ts";
import { ask, fill, KEY_HEADER, makeChannel, pidsOf, startWorker } from "./servers.ts";
import { median } from "./statistics.ts";

const CHANNELS = 1000;
const CONNECTIONS = 16;

interface Row {
  readonly name: string;
  readonly figures: readonly HttpFigures[];
}

export async function control(bench: Bench): Promise<Section[]> {
  bench.say("creates, lists and histories");
  await using hub = await startWorker("hub", "memory");
  const ask16 = (requests: Omit<Requests, "links" | "headers">): Promise<HttpFigures> => send(bench, hub, requests);
  const channels = bench.isSmoke ? 100 : CHANNELS;
  const create = { method: "POST", path: "/api/channel/create", body: '{"name":"bench","key":"a{n}"}' };
  const rounds = Array.from({ length: bench.rules.least });

  const creates: HttpFigures[] = [];
  const firsts: HttpFigures[] = [];
  for (const _ of rounds) {
    const first = await makeChannel(hub, 0);
    creates.push(await ask16({ ...create, warm: 0, measure: 60, messages: channels }));
    const use = { method: "GET", path: "/api/channel/ch-{n}/history?limit=1", first: first + 1 };
    firsts.push(await ask16({ ...use, warm: 0, measure: 60, messages: channels }));
  }
  const lists: HttpFigures[] = [];
  const list = { method: "GET", path: `/api/channel/list?limit=${channels}` };
  for (const _ of rounds) lists.push(await send(bench, hub, { ...list, ...times(bench) }, 1));
  const histories = await readHistories(bench, hub, rounds.length);
  const rows = [
    { name: "create", figures: creates },
    { name: "first use of a channel", figures: firsts },
    { name: `list of ${channels}, one at a time`, figures: lists },
    ...histories,
  ];
  return [sectionOf(rows, [creates, firsts, lists, ...histories.map(({ figures }) => figures)])];
}

function times(bench: Bench): { warm: number; measure: number } {
  return bench.isSmoke ? { warm: 0.1, measure: 0.3 } : { warm: 0.5, measure: 3 };
}

function send(
  { load }: Bench,
  hub: HubProcess,
  requests: Omit<Requests, "links" | "headers">,
  links = CONNECTIONS,
): Promise<HttpFigures> {
  return load.requests({ port: hub.port, pids: pidsOf(hub) }, { ...requests, links, headers: KEY_HEADER });
}

async function readHistories(bench: Bench, hub: HubProcess, rounds: number): Promise<Row[]> {
  const channel = await makeChannel(hub, 2);
  await fill(bench.load, hub, channel);
  const { count } = await ask(hub, `/api/channel/ch-${channel}/history?limit=1000`);
  if (count !== 1000) throw new Error(`the ring holds ${String(count)} messages, not 1000`);
  const rows: Row[] = [];
  for (const limit of [50, 1000]) {
    const read = { method: "GET", path: `/api/channel/ch-${channel}/history?limit=${limit}`, ...times(bench) };
    const figures: HttpFigures[] = [];
    for (let round = 0; round < rounds; round++) figures.push(await send(bench, hub, read));
    rows.push({ name: `history of ${limit}`, figures });
  }
  return rows;
}

const rate = ({ answers, seconds }: HttpFigures): number => answers / seconds;

function typical(figures: readonly HttpFigures[] = [], of: (one: HttpFigures) => number = rate): number {
  return median(figures.map(of));
}

function sectionOf(
  rows: readonly Row[],
  [creates, firsts, lists, few, many]: readonly (readonly HttpFigures[])[],
): Section {
  const both = 1 / (1 / typical(creates) + 1 / typical(firsts));
  return section("Requests", {
    columns: ["", "a second", "p50 ms", "p99 ms", "cores", "generator", "failed"],
    rows: rows.map(({ name, figures }) => [
      name,
      ...[rate, (one: HttpFigures) => one.p50_ms, (one: HttpFigures) => one.p99_ms, serverCores, ownCores].map((of) =>
        figure(typical(figures, of)),
      ),
      figure(Math.max(...figures.map(({ failures }) => failures))),
    ]),
    goals: [
      absolute("creates a second", typical(creates), { least: 2000 }),
      absolute("creates with first use a second", both, { least: 600 }),
      absolute(
        "list of 1,000, ms",
        typical(lists, (one) => one.p50_ms),
        { most: 30 },
      ),
      absolute("histories of 50 a second", typical(few), { least: 1500 }),
      absolute("histories of 1000 a second", typical(many), { least: 400 }),
    ],
    notes: [`Median of ${rows[0]?.figures.length ?? 0} rounds.`],
  });
}
