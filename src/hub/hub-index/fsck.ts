/**
 * Compares the index with what the channels hold, and mends where they differ (IDX6): the owner's
 * answer to a lost, restored or damaged file. Run by the index; it asks each channel once, also
 * those that the index does not know, and wakes none that holds nothing.
 */
import { createChannel, summarize } from "../../channel/index.ts";
import type { Refusal, Result } from "../../protocol/index.ts";
import type { Held } from "../between/channel-calls.ts";
import type { Fault, Finding, Report } from "../between/index-calls.ts";
import type { ChannelRow, IndexStore } from "./index-store.ts";
import { newEpoch } from "../between/registration.ts";
import { unreadable } from "../between/unreadable.ts";

/** Channels asked in one call; the free plan allows 50 calls an event. */
const ASKED_MAX = 40;

/**
 * Numbers looked at behind the last that anything is known of, where no word of the highest is kept: a lost index knew
 * of deleted channels in between.
 */
const BEYOND = 400;

export interface Asked {
  readonly store: IndexStore;
  /** What the channel of that number holds; throws where it cannot be opened. */
  readonly inspect: (number: number) => Promise<Result<Held>>;
  /** That was ever given out. 0: nobody knows. */
  readonly highest: number;
  readonly mend: boolean;
  /** Unix milliseconds. */
  readonly now: number;
  readonly cursor: number;
}

/** One page, in the order of the numbers. It ends well behind the last number that anything is known of. */
export async function checkPage({ store, inspect, highest, mend, now, cursor }: Asked): Promise<Report> {
  const numbers = numbersAfter(cursor, store);
  const looked = await Promise.all(numbers.map((number) => look(number, store, inspect)));
  if (mend) for (const one of looked) mendOne(store, one, now);
  const last = numbers.at(-1) ?? cursor;
  const known = Math.max(store.counts().next - 1, highest);
  const end = known + (highest === 0 ? BEYOND : 0);
  const isMore = last < end || looked.some(({ row, held }) => row !== undefined || held !== null);
  const findings = looked.flatMap((one) => findingOf(one, mend));
  return { findings, checked: numbers.length, ...(isMore && { next_cursor: last }) };
}

function numbersAfter(cursor: number, store: IndexStore): number[] {
  const numbers: number[] = [];
  while (numbers.length < ASKED_MAX) numbers.push(store.notLeftOut((numbers.at(-1) ?? cursor) + 1));
  return numbers;
}

interface Looked {
  readonly number: number;
  readonly row: ChannelRow | undefined;
  readonly held: Held | Refusal;
  readonly fault: Fault | undefined;
}

async function look(number: number, store: IndexStore, inspect: Asked["inspect"]): Promise<Looked> {
  const row = store.row(number);
  const answer = await inspected(number, inspect);
  const held = answer.ok ? answer.value : answer.refusal;
  return { number, row, held, fault: faultOf(row, store.isGone(number), held) };
}

async function inspected(number: number, inspect: Asked["inspect"]): Promise<Result<Held>> {
  try {
    return await inspect(number);
  } catch (error) {
    const broken = { code: "storage_unreadable", error: "it cannot be opened" } as const;
    return unreadable(error) ?? { ok: false, refusal: broken };
  }
}

function faultOf(row: ChannelRow | undefined, isGone: boolean, held: Held | Refusal): Fault | undefined {
  // A number that nobody was ever given is no loss, whatever its file looks like.
  if (held !== null && "code" in held)
    return held.code === "channel_deleted" || row === undefined ? undefined : "unreadable";
  if (held === null) return row?.state === "live" && row.change > 0 ? "lost" : undefined;
  if (isGone) return "kept";
  if (row === undefined) return "unknown";
  const { epoch } = held.record;
  return epoch === row.epoch || epoch === row.renewed_from ? undefined : "stranger";
}

/** What the channels hold counts: messages cannot be had from elsewhere, an index's entry can. */
function mendOne(store: IndexStore, { number, held, fault }: Looked, now: number): void {
  if (fault === "kept") store.setDeleting(number, now);
  if (held === null || "code" in held || (fault !== "unknown" && fault !== "stranger")) return;
  // A stranger's messages may be of any time: positions of before end, as the channel finds by the new epoch (IDX5).
  const epoch = fault === "stranger" ? newEpoch() : held.record.epoch;
  store.register(held.record, epoch, JSON.stringify(summarize(createChannel(held.record), () => false)));
}

function findingOf({ number, row, held, fault }: Looked, mended: boolean): Finding[] {
  if (fault === undefined) return [];
  const why = held !== null && "code" in held ? held.error : "";
  return [{ channel_id: `ch-${number}`, fault, says: SAYS[fault](mended, row?.name ?? "", why) }];
}

const SAYS: Readonly<Record<Fault, (mended: boolean, name: string, why: string) => string>> = {
  unknown: (mended) => (mended ? "it is in the index again" : "its messages are there; mending puts it into the index"),
  stranger: (mended, name) =>
    mended
      ? "the index's entry is that of the messages again"
      : `the index calls it ${JSON.stringify(name)}, and its messages are another channel's; mending makes the entry theirs`,
  lost: (_mended, name) =>
    `the messages of ${JSON.stringify(name)} are gone; at its next use it begins anew, and readers are told`,
  kept: (mended) =>
    mended ? "it is being erased" : "it was deleted, and its messages are still stored; mending erases them",
  unreadable: (_mended, name, why) =>
    `${JSON.stringify(name)} cannot be opened: ${why}; put its file back from a copy, or delete the channel`,
};
