/** A create, as the index decides it (IDX2): what it makes, and what it answers when it is repeated. */
import type { ChannelRecord } from "../../channel/index.ts";
import { type CreateBody, ok, refuse, type Result } from "../../protocol/index.ts";
import type { Created } from "../between/index-calls.ts";
import type { ChannelRow } from "./index-store.ts";
import { newEpoch } from "../between/registration.ts";

interface Making {
  readonly number: number;
  readonly body: CreateBody;
  readonly creator_name: string;
  readonly verified: boolean;
  /** Unix milliseconds. */
  readonly now: number;
}

export function recordFor({ number, body, creator_name, verified, now }: Making): ChannelRecord {
  return {
    ...{ number, name: body.name, created_by: body.key, creator_name, created_at: now, epoch: newEpoch() },
    ...(body.kind !== undefined && { creator_kind: body.kind }),
    ...(verified && { creator_verified: true }),
  };
}

export function repeatCreate(row: ChannelRow, body: CreateBody, creator_name: string): Result<Created> {
  // Nothing is kept of a deleted one that the body could be compared with.
  if (row.state !== "live") return ok({ number: row.number, name: body.name, creator_name });
  const isSame =
    row.name === body.name && row.creator_name === creator_name && row.creator_kind === (body.kind ?? null);
  if (isSame) return ok({ number: row.number, name: row.name, creator_name });
  return refuse(
    "idempotency_conflict",
    `the Idempotency-Key was used to create ch-${row.number} from another body; use a new one`,
  );
}
