/** A page of `list` (IDX3): bounded in channels asked and in bytes. */
import { SUMMARY_PARTICIPANTS, utf8Length } from "../../protocol/index.ts";
import type { ListedRow } from "./index-store.ts";

/** Channels a list asks at most; the free plan allows 50 calls an event. */
const ASKED_MAX = 40;
/** Bytes of the summaries of one page; one is always given. */
const LIST_BYTES = 1024 * 1024;
/** Bytes of a summary at most: its participants by key and name, each as long as may be, and the channel's own name. */
const SUMMARY_BYTES = SUMMARY_PARTICIPANTS * (128 + 256 + 64) + 2048;

/** The part of a page that asks no more channels than one event may, and fits an answer. */
export function cutPage(
  rows: Iterable<ListedRow>,
  limit: number,
): { readonly page: ListedRow[]; readonly isCut: boolean } {
  const page: ListedRow[] = [];
  let [asked, bytes] = [0, 0];
  for (const row of rows) {
    if (row.dirty === 1) asked++;
    // What a channel will say is not known yet, but how long it can be.
    bytes += row.dirty === 1 ? SUMMARY_BYTES : utf8Length(row.summary);
    const isFull = asked > ASKED_MAX || (page.length > 0 && bytes > LIST_BYTES);
    if (page.length === limit || isFull) return { page, isCut: true };
    page.push(row);
  }
  return { page, isCut: false };
}

/** A summary whose channel could not be asked says so. Of whom it does not show, nothing is known then. */
export function stale(summary: string, key: string | undefined): string {
  return key === undefined || hasParticipant(summary, key) ? `${summary.slice(0, -1)},"stale":true}` : "";
}

export function hasParticipant(summary: string, key: string): boolean {
  const { participants } = JSON.parse(summary) as { participants: readonly { key: string }[] };
  return participants.some((participant) => participant.key === key);
}
