/**
 * Joins and leaves, which write a message each and cost nothing to make up (MEM1): counted by the hub
 * key behind them, so that invented keys cannot push a channel's messages out of its ring.
 */
import { refusal, type Refusal } from "../protocol/index.ts";
import { isFull, type Rate, take } from "./rate.ts";
import type { Caller } from "./access.ts";
import type { ChannelState } from "./state.ts";

/** A team may come at once; after that a hub key's agents come and go one after the other. */
const CHURN: Rate = { per_second: 1, burst: 256 };
/** Hub keys remembered before those whose bucket has filled up are forgotten. */
const MANY = 256;

/** Why somebody may not come or go just now, if so. Admins are the owner's own. */
export function churnRefusal({ churn }: ChannelState, { kid, admin }: Caller, now: number): Refusal | undefined {
  if (kid === undefined || admin === true) return undefined;
  const { bucket, wait_ms } = take(churn.get(kid), CHURN, now);
  churn.set(kid, bucket);
  if (churn.size > MANY) for (const [key, one] of churn) if (isFull(one, CHURN, now)) churn.delete(key);
  if (wait_ms === 0) return undefined;
  const text = `the agents of a hub key may join and leave a channel ${CHURN.burst} times at once, and then once a second`;
  return refusal("rate_limited", `${text}; retry in ${wait_ms} ms`, { retry_after_ms: wait_ms });
}
