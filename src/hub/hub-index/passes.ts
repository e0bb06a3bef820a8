/**
 * The index's side of passes (ACC1–ACC3): makes and lists them, says where one may be used, and ends
 * them: every channel that let one in is told, and told again until it has heard.
 */
import {
  type KeptPass,
  ok,
  type Pass,
  type PassBody,
  passEnded,
  type PassesQuery,
  passNumber,
  type Refusal,
  refuse,
  type Result,
} from "../../protocol/index.ts";
import { type Bytes, toBase64Url } from "../between/bytes.ts";
import type { MadePass, PassPage, Revoking } from "../between/index-calls.ts";
import { logFault } from "../between/log.ts";
import { type EndedPasses, passKey, writePass } from "../between/pass-text.ts";
import type { Due, PassStore } from "./pass-store.ts";

/** Passes that are kept, ended ones too until there is need of their room: some 300 bytes each. */
const PASSES_MAX = 200_000;
/** Ended ones taken away at once when there is no more room. */
const FORGOTTEN = 1000;
/** Channels told at once; the free plan allows 50 calls an event. The rest follow in calls of their own. */
const TOLD_MAX = 40;

/** A channel, as it is told of passes. */
interface Told {
  endPasses(ended: EndedPasses): Promise<Result<true>>;
}

export class Passes {
  readonly #store: PassStore;
  readonly #channel: (number: number) => Told;

  constructor(store: PassStore, channel: (number: number) => Told) {
    this.#store = store;
    this.#channel = channel;
  }

  /** What signs passes; undefined while none was ever made. */
  get secret(): Bytes | undefined {
    return this.#store.authority()?.secret;
  }

  /** `now` in Unix milliseconds. The text is told once, and kept nowhere. */
  async make(body: PassBody, by: string, now: number): Promise<Result<MadePass>> {
    const chance = crypto.getRandomValues(new Uint8Array(12));
    const { secret } = this.#store.authority() ?? this.#store.begin(crypto.getRandomValues(new Uint8Array(32)));
    const key = await passKey(secret);
    // From here to the row there is no await.
    const { next, alive } = this.#store.authority() ?? { next: 1, alive: 1 };
    if (!this.#hasRoom(now, alive)) return refuse("quota_exceeded", `a hub keeps ${PASSES_MAX} passes; revoke some`);
    const pass = passOf(body, `p${next}_${toBase64Url(chance)}`, now);
    const kept: KeptPass = {
      ...pass,
      ...(body.note !== undefined && { note: body.note }),
      ...{ by, made_at: new Date(now).toISOString(), revoked: false },
    };
    this.#store.add(kept);
    return ok({ text: await writePass(pass, key), pass: kept });
  }

  list(query: PassesQuery): PassPage {
    const alive = this.#store.authority()?.alive ?? 1;
    const { passes, ...rest } = this.#store.page(query);
    return { passes: passes.map((pass) => (passNumber(pass.id) < alive ? { ...pass, revoked: true } : pass)), ...rest };
  }

  get(id: string): KeptPass | undefined {
    return this.#store.get(id);
  }

  /** Why a pass is worth nothing any more. Of a hub key that is no pass, nothing stands against it. */
  refuse(id: string): Refusal | undefined {
    const pass = this.#store.get(id);
    const alive = this.#store.authority()?.alive ?? 1;
    return pass === undefined || pass.revoked || passNumber(id) < alive ? passEnded() : undefined;
  }

  /** A channel meets a pass for the first time: from now on it is told when that ends. */
  place(id: string, channel: number): Result<true> {
    const why = this.refuse(id);
    if (why !== undefined) return { ok: false, refusal: why };
    this.#store.place(id, channel, this.#store.authority()?.alive ?? 1);
    return ok(true);
  }

  revoke(id: string): void {
    this.#store.revoke(id);
  }

  revokeAll(): void {
    if (this.#store.isUsed) this.#store.revokeAll();
  }

  /** Tells as many channels as one event may, and says how many are left and how many did not answer. */
  async tell(): Promise<Revoking> {
    const due = this.#store.due(TOLD_MAX);
    const told = await Promise.all(due.map((one) => this.#tellOne(one)));
    for (const [at, one] of due.entries()) if (told[at] === true) this.#store.told(one);
    return { left: this.#store.dueCount(), failed: told.filter((one) => !one).length };
  }

  get isDue(): boolean {
    return this.#store.due(1).length > 0;
  }

  forgetChannel(number: number): void {
    this.#store.forgetChannel(number);
  }

  async #tellOne({ pass, channel }: Due): Promise<boolean> {
    const ended = pass === 0 ? { below: this.#store.authority()?.alive ?? 1 } : { pass };
    try {
      const told = await this.#channel(channel).endPasses(ended);
      return told.ok || told.refusal.code === "channel_deleted";
    } catch (error) {
      logFault("pass_ended", { channel: `ch-${channel}` }, error);
      return false;
    }
  }

  #hasRoom(now: number, alive: number): boolean {
    if (this.#store.size < PASSES_MAX) return true;
    this.#store.forgetEnded(Math.floor(now / 1000), alive, FORGOTTEN);
    return this.#store.size < PASSES_MAX;
  }
}

function passOf({ scope, agent_key, name, kind, channels, expires_in }: PassBody, id: string, now: number): Pass {
  return {
    ...{ id, scope },
    ...(agent_key !== undefined && { agent_key }),
    ...(name !== undefined && { name }),
    ...(kind !== undefined && { kind }),
    ...(channels !== undefined && { channels }),
    ...(expires_in !== undefined && { exp: Math.floor(now / 1000) + expires_in }),
  };
}
