/** What is asked of the index about passes (ACC1–ACC3). */
import { DurableObject } from "cloudflare:workers";
import type { Viewer } from "../../channel/index.ts";
import {
  isPassId,
  type KeptPass,
  ok,
  type PassBody,
  type PassesQuery,
  type Refusal,
  type Result,
} from "../../protocol/index.ts";
import type { Bytes } from "../between/bytes.ts";
import type { ChannelCalls } from "../between/channel-calls.ts";
import type { Env } from "../between/env.ts";
import type { MadePass, PassPage, Revoking } from "../between/index-calls.ts";
import { PassStore } from "./pass-store.ts";
import { Passes } from "./passes.ts";

/** Before channels that could not be told are told again. */
const RETRY_MS = 1000;

export abstract class PassDesk extends DurableObject<Env> {
  readonly #passes: Passes;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const channel = (number: number): DurableObjectStub<ChannelCalls> => env.CHANNELS.getByName(`ch-${number}`);
    this.#passes = new Passes(new PassStore(ctx.storage.sql), channel);
  }

  passSecret(): Bytes | undefined {
    return this.#passes.secret;
  }

  async makePass(body: PassBody, by: string): Promise<Result<MadePass>> {
    return await this.#passes.make(body, by, Date.now());
  }

  passes(query: PassesQuery): PassPage {
    return this.#passes.list(query);
  }

  pass(id: string): KeptPass | undefined {
    return this.#passes.get(id);
  }

  passStands(id: string): Result<true> {
    const why = this.#passes.refuse(id);
    return why === undefined ? ok(true) : { ok: false, refusal: why };
  }

  placePass(number: number, id: string): Result<true> {
    return this.#passes.place(id, number);
  }

  async endPasses(id: string | undefined): Promise<Revoking> {
    if (id === undefined) this.#passes.revokeAll();
    else this.#passes.revoke(id);
    // In the same turn as the row, so that a crash cannot come between them.
    if (this.#passes.isDue) await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
    return await this.#passes.tell();
  }

  async tellPasses(): Promise<Revoking> {
    return await this.#passes.tell();
  }

  /** Why a viewer's pass counts no more; of one who came by a hub key, nothing stands against it. */
  protected refuseBearer({ kid }: Viewer): Refusal | undefined {
    return kid !== undefined && isPassId(kid) ? this.#passes.refuse(kid) : undefined;
  }

  protected get ended(): Pick<Passes, "tell" | "isDue" | "forgetChannel"> {
    return this.#passes;
  }
}
