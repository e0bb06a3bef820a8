/**
 * What three hubs cost a month, to dollars: how often each thing happens a day, times what it was
 * measured to cost. The same text stands in docs/OPERATIONS.md; a test fails where it differs.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../test/support/process/build.ts";
import prices from "./prices.json" with { type: "json" };
import type { Use } from "./prices.ts";
import { figure, markdown, type Section, section } from "./section.ts";
import { CHANNELS, measureUnits, type UnitName, type Units } from "./units.ts";

const PAGE = join(ROOT, "docs/OPERATIONS.md");
const [BEGIN, END] = ["<!-- the bill, by npm run bench -- bill -->", "<!-- end of the bill -->"];
const DAYS = 30;
/** Bytes that a stored message takes with all that belongs to it, texts of 200 bytes. */
const STORED_MESSAGE = 600;
const RING = 1000;

interface Example {
  readonly title: string;
  readonly who: string;
  readonly a_day: Partial<Record<UnitName, number>>;
  readonly channels: number;
}

/** A listen that waits 55 s in vain, all day long. */
const LISTENS_A_DAY = 1571;

const EXAMPLES: readonly Example[] = [
  {
    title: "A small team on the free plan",
    who: "Four people, six agents that hosts start when they are needed, ten channels. 600 messages a day by tool calls, one in three wakes its channel. Two agents wait by listen eight hours a day. Each person opens the page twice, and comes back to it 60 times.",
    a_day: {
      "message by the tool": 600,
      "tool call that looks": 600,
      "first message after a sleep, beyond the message": 200,
      "listen that waits in vain": Math.round((2 * LISTENS_A_DAY) / 3),
      "listen that a message ends": 200,
      "page opened": 8,
      "page's list after a change": 4 * 45,
      "page's list, nothing changed": 4 * 15,
    },
    channels: 10,
  },
  {
    title: "Ten people and thirty agents",
    who: "All thirty agents wait by listen, day and night, and say 100 messages each by tool calls. Each message ends three listens, one in ten wakes its channel. Each person opens the page three times, comes back to it 200 times, and says 30 messages there.",
    a_day: {
      "message by the tool": 3000,
      "message on a socket": 300,
      "tool call that looks": 3000,
      "first message after a sleep, beyond the message": 330,
      "listen that waits in vain": 30 * LISTENS_A_DAY,
      "listen that a message ends": 3 * 3300,
      "page opened": 30,
      "page's list after a change": 10 * 180,
      "page's list, nothing changed": 10 * 20,
    },
    channels: 10,
  },
  {
    title: "A busy hub",
    who: "Two hundred agents on sockets say two million messages a day, one after the other; fifty more call the tool 200 times a day each, half of it messages, and wait by listen twelve hours. Fifty people open the page four times and come back to it 300 times. None of it sleeps.",
    a_day: {
      "message on a socket": 2_000_000,
      "message by the tool": 5000,
      "tool call that looks": 5000,
      "listen that waits in vain": 50 * Math.round(LISTENS_A_DAY / 2),
      "listen that a message ends": 50 * 400,
      "page opened": 200,
      "page's list after a change": 50 * 290,
      "page's list, nothing changed": 50 * 10,
    },
    channels: 200,
  },
];

/** The limits of both plans, by what is counted. */
const METERS = ["worker_requests", "object_requests", "gb_seconds", "rows_read", "rows_written"] as const;
type Metered = Readonly<Record<(typeof METERS)[number], number>>;
const NAMES: Readonly<Record<(typeof METERS)[number], string>> = {
  worker_requests: "requests to the Worker",
  object_requests: "requests to objects",
  gb_seconds: "duration, GB-s",
  rows_read: "rows read",
  rows_written: "rows written",
};

export async function bill(): Promise<Section[]> {
  const units = await measureUnits();
  return [unitTable(units), ...EXAMPLES.flatMap((example) => exampleTables(example, units))];
}

/** What stands in the document, and what should. */
export async function compareWithDocument(): Promise<{ readonly stands: string; readonly measured: string }> {
  const page = await readFile(PAGE, "utf8");
  return { stands: between(page), measured: textOf(await bill()) };
}

export async function writeBill(sections: readonly Section[]): Promise<void> {
  const page = await readFile(PAGE, "utf8");
  await writeFile(
    PAGE,
    page.replace(between(page), () => textOf(sections)),
  );
}

function textOf(sections: readonly Section[]): string {
  return `${BEGIN}\n\n${sections.map(markdown).join("\n").trim()}\n\n${END}`;
}

function between(page: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${PAGE} has no marks ${BEGIN} and ${END}`);
  return page.slice(from, to + END.length);
}

function unitTable(units: Units): Section {
  const rows = Object.entries(units).map(([name, use]) => [
    `a ${name}`,
    ...[use.worker_requests, use.object_requests, use.rows_read, use.rows_written].map(figure),
  ]);
  return section("What things cost", {
    columns: ["", "requests to the Worker", "to objects", "rows read", "rows written"],
    rows,
    notes: [
      `Measured on a hub of ${CHANNELS} channels: a list reads one row of each. Twenty frames on a socket count as one request. An object is charged for 5 ms a request here, more than it needs. A page that lies open, a socket that says nothing, and a ping cost nothing (\`test/browser/idle.test.ts\`, \`test/hub/hibernation.test.ts\`).`,
      `Prices of ${prices.date}: the paid plan is ${prices.base_a_month} dollars a month, whatever is used. Beyond what it includes, a million costs ${prices.paid.million_worker_requests} dollars of requests to the Worker, ${prices.paid.million_object_requests} of requests to objects, ${prices.paid.million_rows_written} of rows written, ${prices.paid.million_rows_read} of rows read, and a GB stored ${prices.paid.stored_gb} a month. A month has ${DAYS} days here.`,
    ],
  });
}

function exampleTables({ title, who, a_day, channels }: Example, units: Units): Section[] {
  const paths = Object.entries(a_day).map(([name, count]) => ({
    name,
    count,
    used: metered(units[name as UnitName], count),
  }));
  const total = paths.map(({ used }) => used).reduce(sum);
  const rows = paths.map(({ name, count, used }) => [
    name,
    count.toLocaleString("en"),
    ...METERS.map((meter) => whole(used[meter])),
  ]);
  const stored_gb = (channels * RING * STORED_MESSAGE) / 1e9;
  return [
    section(title, {
      columns: ["", "a day", ...METERS.map((meter) => NAMES[meter])],
      rows: [
        ...rows,
        ["all", "", ...METERS.map((meter) => whole(total[meter]))],
        ["of the free plan's day", "", ...METERS.map((meter) => share(total[meter] / prices.free_a_day[meter]))],
      ],
      notes: [who, `Free plan: ${freeVerdict(total)} Paid plan: ${paid(total, stored_gb)}`],
    }),
  ];
}

function metered({ seconds, ...use }: Use, count: number): Metered {
  const { worker_requests, object_requests, rows_read, rows_written } = use;
  return {
    worker_requests: worker_requests * count,
    object_requests: object_requests * count,
    gb_seconds: seconds * prices.object_gb * count,
    rows_read: rows_read * count,
    rows_written: rows_written * count,
  };
}

function sum(one: Metered, other: Metered): Metered {
  return Object.fromEntries(METERS.map((meter) => [meter, one[meter] + other[meter]])) as Metered;
}

function freeVerdict(total: Metered): string {
  const [first] = METERS.map((meter) => ({ meter, part: total[meter] / prices.free_a_day[meter] })).toSorted(
    (a, b) => b.part - a.part,
  );
  if (first === undefined) return "";
  const { meter, part } = first;
  if (part > 1) return `not enough; ${NAMES[meter]} end first, after ${figure(24 / part)} hours of the day.`;
  return `enough, 0 dollars; ${NAMES[meter]} would end first, of which ${share(part)} are used.`;
}

/** Dollars a month: the base price, and what is beyond that which it includes. */
function paid(total: Metered, stored_gb: number): string {
  const { paid: price, included_a_month: included } = prices;
  const beyond = METERS.map((meter) => {
    const million = Math.max(0, total[meter] * DAYS - included[meter]) / 1e6;
    return { meter, dollars: million * price[`million_${meter}`] };
  });
  const storage = Math.max(0, stored_gb - included.stored_gb) * price.stored_gb;
  const dollars = prices.base_a_month + storage + beyond.reduce((all, one) => all + one.dollars, 0);
  const parts = beyond
    .filter((one) => one.dollars >= 0.005)
    .map((one) => `${one.dollars.toFixed(2)} for ${NAMES[one.meter]}`);
  const why = [`${prices.base_a_month.toFixed(2)} base price`, ...parts].join(", ");
  return `**${dollars.toFixed(2)} dollars a month** (${why}); ${figure(stored_gb)} GB stored of ${included.stored_gb} included.`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function share(part: number): string {
  return `${figure(part * 100)} %`;
}
