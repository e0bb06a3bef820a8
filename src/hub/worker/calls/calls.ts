/**
 * Calls from the Worker to the objects. A stub that threw is poisoned, so each attempt makes its
 * own; what may safely be repeated is repeated once, and never on an overloaded object.
 */
import {
  channelDeleted,
  channelNotFound,
  channelNumber,
  ok,
  quote,
  refuse,
  type RefusalExtras,
  type Result,
} from "../../../protocol/index.ts";
import type { ChannelCalls } from "../../between/channel-calls.ts";
import { directory } from "./directory.ts";
import { type Env, INDEX_NAME } from "../../between/env.ts";
import type { IndexCalls } from "../../between/index-calls.ts";
import { logFault } from "../../between/log.ts";
import { unreadable } from "../../between/unreadable.ts";

const RETRY_MS = 1000;

export interface CallOptions {
  /** Whether a second call after an unclear first does no harm. */
  readonly isRepeatable: boolean;
  /** The answer when nobody can tell whether the call took effect. */
  readonly failed: Result<never>;
}

/** For calls that change nothing. */
export const READ: CallOptions = {
  isRepeatable: true,
  failed: refuse("storage_unavailable", "it could not be read; try again", { retry_after_ms: RETRY_MS }),
};

/** For calls whose effect may stand although no answer came. `how` says how to find out. */
export function unclear(how: string, isRepeatable: boolean, extras: RefusalExtras = {}): CallOptions {
  const error = `the hub cannot tell whether this took effect; ${how}`;
  return { isRepeatable, failed: refuse("outcome_unknown", error, { retry_after_ms: RETRY_MS, ...extras }) };
}

/** Number of a channel that exists. Ids that never were, or are known to be deleted, touch no channel object (IDX4). */
export async function findChannel(env: Env, id: string): Promise<Result<number>> {
  const number = channelNumber(id);
  if (number === undefined) return { ok: false, refusal: channelNotFound(quote(id)) };
  if (directory.isDeleted(number)) return { ok: false, refusal: channelDeleted(id) };
  const known = directory.knows(number, Date.now()) ?? (await askIndex(env, number));
  if (typeof known !== "boolean") return known;
  return known ? ok(number) : { ok: false, refusal: channelNotFound(id) };
}

async function askIndex(env: Env, number: number): Promise<boolean | Result<never>> {
  const next = await callIndex(env, async (index) => ok(await index.next()));
  if (!next.ok) return next;
  directory.learned(next.value, number, Date.now());
  return directory.knows(number, Date.now()) === true;
}

export async function callChannel<T>(
  env: Env,
  id: string,
  call: (channel: DurableObjectStub<ChannelCalls>) => Promise<Result<T>>,
  options: CallOptions,
): Promise<Result<T>> {
  const found = await findChannel(env, id);
  if (!found.ok) return found;
  const number = found.value;
  const result = await repeated(() => call(env.CHANNELS.getByName(`ch-${number}`)), options);
  return noteDeleted(number, isUnanswered(result) ? await tellIfDeleted(env, number, result) : result);
}

function isUnanswered(result: Result<unknown>): boolean {
  return !result.ok && (result.refusal.hint === MAY_BE_DAMAGED || result.refusal.code === "storage_unreadable");
}

/** A deleted channel whose storage cannot be opened cannot say itself that it is deleted. */
async function tellIfDeleted<T>(env: Env, number: number, result: Result<T>): Promise<Result<T>> {
  const record = await callIndex(env, async (index) => await index.record(number));
  return !record.ok && record.refusal.code === "channel_deleted" ? record : result;
}

/** Remembers a channel's end, so that its object is not asked again. */
export function noteDeleted<T>(number: number, result: Result<T>): Result<T> {
  if (!result.ok && result.refusal.code === "channel_deleted") directory.deleted(number);
  return result;
}

export function callIndex<T>(
  env: Env,
  call: (index: DurableObjectStub<IndexCalls>) => Promise<Result<T>>,
  options: CallOptions = READ,
): Promise<Result<T>> {
  return repeated(() => call(env.HUB_INDEX.getByName(INDEX_NAME)), options);
}

/** Calls, and once more if that failed and does no harm. */
export async function repeated<T>(
  attempt: () => Promise<Result<T>>,
  { isRepeatable, failed }: CallOptions,
): Promise<Result<T>> {
  let isFull = isRepeatable;
  let isBroken = false;
  for (let tries = isRepeatable ? 2 : 1; tries > 0; tries--) {
    try {
      return await attempt();
    } catch (error) {
      logFault("call", { tries_left: tries - 1 }, error);
      if (isOverloaded(error)) return OVERLOADED;
      const hopeless = unreadable(error);
      if (hopeless !== undefined) return hopeless;
      isFull &&= isDiskFull(error);
      isBroken = isInternal(error);
    }
  }
  if (isFull) return NOT_STORED;
  return isBroken && !failed.ok ? { ok: false, refusal: { ...failed.refusal, hint: MAY_BE_DAMAGED } } : failed;
}

/**
 * All that the runtime tells of an object whose database it cannot open, before any code of ours
 * runs; of its own passing faults it tells the same.
 */
function isInternal(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("internal error");
}

const MAY_BE_DAMAGED =
  "if this goes on, what is stored may be damaged; the owner of the hub finds what to do in docs/OPERATIONS.md";

/**
 * A full disk fails the commit whole. It ends the object, and with it the answers to what was stored
 * just before; so only a second attempt, which would have found the first, shows that nothing is there.
 */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && error.message.includes("SQLITE_FULL");
}

const NOT_STORED: Result<never> = refuse("storage_unavailable", "the disk is full, nothing was stored; send it again", {
  retry_after_ms: RETRY_MS,
});

const OVERLOADED: Result<never> = refuse("overloaded", "it has more work than it can take; try again later", {
  retry_after_ms: RETRY_MS,
});

/** The platform marks what must not be tried again at once. */
function isOverloaded(error: unknown): boolean {
  return typeof error === "object" && error !== null && "overloaded" in error && error.overloaded === true;
}
