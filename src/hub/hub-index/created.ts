/** A create, as the index decides it (IDX2): what it makes, and what it answers when it is repeated. */
import { type ChannelRecord, createChannel, summarize, type Viewer } from "../../channel/index.ts";
import { type CreateBody, type Limits, map, ok, refuse, type Result } from "../../protocol/index.ts";
import type { Created } from "../between/index-calls.ts";
import { type CreateUse, traceOf } from "./create-memory.ts";
import { CreateQuotas } from "./create-quotas.ts";
import type { ChannelRow, IndexStore } from "./index-store.ts";
import { type Channels, NextNumber } from "./next-number.ts";
import { newEpoch } from "../between/registration.ts";

export class Creates {
  readonly #store: IndexStore;
  readonly #quotas: CreateQuotas;

  readonly #next: NextNumber;

  constructor(limits: Limits, store: IndexStore, channel: Channels) {
    this.#store = store;
    this.#quotas = new CreateQuotas(limits, store);
    this.#next = new NextNumber(store, channel);
  }

  /** Whether a number is free, and by what the create is known once its channel is deleted. */
  async ready(use: CreateUse): Promise<Result<string>> {
    const trace = await traceOf(use);
    return map(await this.#next.check(), () => trace);
  }

  trace(use: CreateUse): Promise<string> {
    return traceOf(use);
  }

  /** The highest number that was ever given out. */
  highest(): Promise<number> {
    return this.#next.highest();
  }

  /**
   * Makes a channel, or finds the one that this `key` made before. The caller may name its agent key.
   * No await before the row: nothing comes between the look and it.
   */
  async make(viewer: Viewer, body: CreateBody, key: string, { trace, now }: Ready): Promise<Result<Created>> {
    const { verified } = viewer;
    const creator_name = body.name_display ?? body.key;
    const earlier = this.#store.createdWith({ creator: body.key, verified, key }, trace, now);
    if (earlier !== undefined) return repeatCreate(earlier, body, creator_name);
    const refused = this.#quotas.refuse(viewer, now);
    if (refused !== undefined) return { ok: false, refusal: refused };
    const number = this.#store.counts().next;
    const record = recordFor({ number, body, creator_name, verified, now });
    this.#store.insert(record, key, JSON.stringify(summarize(createChannel(record), () => false)));
    await this.#next.given(number);
    return ok({ number, name: body.name, creator_name });
  }
}

interface Ready {
  readonly trace: string;
  /** Unix milliseconds. */
  readonly now: number;
}

interface Making {
  readonly number: number;
  readonly body: CreateBody;
  readonly creator_name: string;
  readonly verified: boolean;
  /** Unix milliseconds. */
  readonly now: number;
}

function recordFor({ number, body, creator_name, verified, now }: Making): ChannelRecord {
  return {
    ...{ number, name: body.name, created_by: body.key, creator_name, created_at: now, epoch: newEpoch() },
    ...(body.kind !== undefined && { creator_kind: body.kind }),
    ...(verified && { creator_verified: true }),
  };
}

function repeatCreate(row: ChannelRow, body: CreateBody, creator_name: string): Result<Created> {
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
