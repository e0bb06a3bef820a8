/**
 * What this isolate answered since it started (USE1): in memory, because a request that is refused
 * reaches no object, and none is asked or written for a count. The edge runs several isolates and
 * ends them as it likes, so these are of the one that is asked.
 */
import type { ErrorCode } from "../../protocol/index.ts";
import { plusRefused, type Refused } from "../between/usage.ts";

export interface Traffic {
  /** ISO 8601. */
  readonly since: string;
  readonly requests: number;
  readonly refused: Refused;
}

let traffic: Traffic | undefined;

export function noteRequest(code: ErrorCode | undefined, kid: string | undefined, now: number): void {
  traffic ??= { since: new Date(now).toISOString(), requests: 0, refused: {} };
  const refused =
    code === undefined ? traffic.refused : plusRefused(traffic.refused, { [`${code} ${kid ?? "none"}`]: 1 });
  traffic = { ...traffic, requests: traffic.requests + 1, refused };
}

export function trafficSoFar(now: number): Traffic {
  return traffic ?? { since: new Date(now).toISOString(), requests: 0, refused: {} };
}
