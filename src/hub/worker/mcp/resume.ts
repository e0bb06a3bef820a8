/**
 * Lets a client go on with a call whose stream broke: the stream's event id holds the call itself and
 * when it began, so that whichever hub is asked next answers it, and none keeps anything. Without it
 * the clients of most hosts wait until their own limit of a call.
 * Streamable HTTP up to 2025-11-25, "Resumability and Redelivery"; the revision after it has no event ids.
 */
import * as v from "valibot";
import { encode, fromBase64Url, toBase64Url } from "../../between/bytes.ts";
import type { ProgressToken } from "./event-stream.ts";
import type { RequestId } from "./json-rpc.ts";

export interface Resumable {
  readonly id: RequestId;
  readonly token: ProgressToken | undefined;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly begun: number;
}

/** The only revision that promises to take an event without data for what it is; progress has data. */
const REVISION = "2025-11-25";
/** Characters: it comes back as a header. */
const CURSOR_MAX = 2048;

const ID = v.union([v.string(), v.pipe(v.number(), v.integer())]);
const CURSOR = v.object({
  id: ID,
  token: v.optional(v.union([v.string(), v.number()])),
  name: v.string(),
  args: v.record(v.string(), v.unknown()),
  begun: v.number(),
});

/** The event id for a call, for a client that goes on with it. */
export function cursorOf(call: Resumable, headers: Headers): string | undefined {
  if (call.token === undefined && headers.get("mcp-protocol-version") !== REVISION) return undefined;
  const cursor = toBase64Url(encode(JSON.stringify(call)));
  return cursor.length > CURSOR_MAX ? undefined : cursor;
}

/** The call whose stream broke; undefined: the header is missing, or none of ours. */
export function resumedCall(headers: Headers): Resumable | undefined {
  const parsed = v.safeParse(CURSOR, readCursor(headers.get("last-event-id") ?? ""));
  return parsed.success ? { token: undefined, ...parsed.output } : undefined;
}

function readCursor(cursor: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(fromBase64Url(cursor)));
  } catch {
    // Not of this hub: no call.
    return undefined;
  }
}

/** Its arguments now: it waits for what is left of `wait`, in seconds. */
export function argumentsNow({ args, begun }: Resumable, now: number): Readonly<Record<string, unknown>> {
  if (args["wait"] === undefined) return args;
  const left = Math.ceil(Number(args["wait"]) - (now - begun) / 1000);
  return { ...args, wait: Math.max(0, left) };
}
