/**
 * The argument `after`, a string because it names places of several sorts: `418` in one channel,
 * `ch-1:12,ch-4:7` in several, `417+7600` in the middle of the message that follows 417.
 */
import { NAMED_MAX } from "./memory.ts";
import { channelNumber, field, check, ok, quote, refuse, type Result, showLine } from "../protocol/index.ts";

export interface Position {
  /** Undefined: the channel of the call. */
  readonly channel_id?: string;
  readonly seq: number;
}

export interface Place {
  readonly seq: number;
  /** UTF-16 units of the following message's shown text to pass over. */
  readonly offset: number;
}

/** `418`, or `ch-1:12,ch-4:7`. */
export function parsePositions(after: string): Result<readonly Position[]> {
  const positions: Position[] = [];
  for (const part of after.split(",")) {
    const [, id, number] = /^\s*(?:(ch-\d+):)?(\d+)\s*$/.exec(part) ?? [];
    const seq = check(field.after, number, "after");
    if (!seq.ok || (id !== undefined && channelNumber(id) === undefined)) return misplaced(after);
    positions.push({ ...(id !== undefined && { channel_id: id }), seq: seq.value });
  }
  return positions.length > NAMED_MAX ? misplaced(after) : ok(positions);
}

/** `418`, or `417+7600`. */
export function parsePlace(after: string): Result<Place> {
  const [, number, offset = "0"] = /^\s*(\d+)(?:\+(\d+))?\s*$/.exec(after) ?? [];
  const seq = check(field.after, number, "after");
  if (seq.ok) return ok({ seq: seq.value, offset: Number(offset) });
  return refuse("bad_limit", `after must be a seq such as "418", got "${showLine(quote(after))}"`);
}

/** `ch-130`, the channel after which a list goes on. */
export function parseCursor(after: string): Result<number> {
  const cursor = channelNumber(after.trim());
  if (cursor !== undefined) return ok(cursor);
  return refuse("bad_request", `after must be a channel id such as "ch-130", got "${showLine(quote(after))}"`);
}

function misplaced<T>(after: string): Result<T> {
  const wanted = `"418", or up to ${NAMED_MAX} of "ch-1:12,ch-4:7"`;
  return refuse("bad_limit", `after must be ${wanted}, got "${showLine(quote(after))}"`);
}
