/**
 * Who comes by a pass (ACC1, ACC3). A channel asks the index once for each pass that it meets, notes
 * it in a row, and is told when it ends: from then on who bears it is out, asleep or not. What comes
 * by a hub key, and what comes again, asks nobody.
 */
import { isWithinReach, type Viewer } from "../../channel/index.ts";
import {
  channelNotFound,
  isPassId,
  passEnded,
  passExpired,
  passNumber,
  refusal,
  type Refusal,
  type Result,
} from "../../protocol/index.ts";
import type { EndedPasses } from "../between/pass-text.ts";
import { logFault } from "../between/log.ts";
import type { Keeper } from "./keeper.ts";
import type { Registry } from "./registry.ts";
import type { Connection } from "./sockets/connection.ts";

/** `number` 0 holds, in `ended`, the number below which all have ended. */
const TABLE = "CREATE TABLE IF NOT EXISTS pass (number INTEGER PRIMARY KEY, ended INTEGER NOT NULL) STRICT";
const ALL_BELOW = 0;
/** Passes remembered beside their rows. */
const KNOWN_MAX = 1024;

export interface BearerPorts {
  readonly keeper: Keeper;
  readonly sql: SqlStorage;
  readonly registry: Pick<Registry, "place">;
  /** The channel's. */
  readonly id: string;
}

export class Bearers {
  readonly #ports: BearerPorts;
  /** Whether a pass may be used here, by its number. */
  readonly #known: Map<number, boolean> = new Map();
  #below: number | undefined;

  constructor(ports: BearerPorts) {
    this.#ports = ports;
  }

  /** Opens the channel for a viewer: to one that does not reach it, it is not there. */
  async admit(viewer: Viewer): Promise<Result<true>> {
    const { keeper, id } = this.#ports;
    if (!isWithinReach(viewer, id)) return { ok: false, refusal: channelNotFound(id) };
    const opened = await keeper.open();
    if (!opened.ok) return opened;
    const why = await this.#refuse(viewer.kid);
    return why === undefined ? opened : { ok: false, refusal: why };
  }

  /** Why what was admitted may not go on, in the turn that it waited for. */
  refusePass(kid: string | undefined): Refusal | undefined {
    return kid !== undefined && isPassId(kid) && this.#isUsable(passNumber(kid)) !== true ? passEnded() : undefined;
  }

  /** Passes ended. Who comes by one of them from now on is refused. */
  note(ended: EndedPasses): void {
    const number = "pass" in ended ? ended.pass : ALL_BELOW;
    const value = "pass" in ended ? 1 : ended.below;
    this.#sql.exec("INSERT OR REPLACE INTO pass VALUES (?, ?)", number, value);
    this.#known.clear();
    this.#below = undefined;
  }

  /** Why a socket may not stay: its pass ended, or its time is over. `now` in Unix milliseconds. */
  refuseSocket({ kid, until }: Pick<Connection, "kid" | "until">, now: number): Refusal | undefined {
    if (until !== undefined && now >= until) return passExpired(until / 1000);
    return this.refusePass(kid);
  }

  async #refuse(kid: string | undefined): Promise<Refusal | undefined> {
    if (kid === undefined || !isPassId(kid)) return undefined;
    const number = passNumber(kid);
    const isUsable = this.#isUsable(number);
    if (isUsable !== undefined) return isUsable ? undefined : passEnded();
    try {
      const placed = await this.#ports.registry.place(kid);
      if (!placed.ok) return placed.refusal;
      // It may have ended meanwhile, and been told of here before this answer came.
      this.#sql.exec("INSERT OR IGNORE INTO pass VALUES (?, 0)", number);
    } catch (error) {
      logFault("pass", { channel: this.#ports.id }, error);
      return unknown();
    }
    return this.#isUsable(number) === true ? undefined : passEnded();
  }

  /** Undefined: it was never met here. */
  #isUsable(number: number): boolean | undefined {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    this.#below ??= this.#row(ALL_BELOW) ?? 0;
    const ended = number < this.#below ? 1 : this.#row(number);
    if (ended === undefined) return undefined;
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(number, ended === 0);
    return ended === 0;
  }

  #row(number: number): number | undefined {
    const [row] = this.#sql.exec<{ ended: number }>("SELECT ended FROM pass WHERE number = ?", number);
    return row?.ended;
  }

  get #sql(): SqlStorage {
    this.#ports.sql.exec(TABLE);
    return this.#ports.sql;
  }
}

/** The pass that admitted a viewer. */
export function passOf({ kid }: Viewer): string | undefined {
  return kid !== undefined && isPassId(kid) ? kid : undefined;
}

function unknown(): Refusal {
  const text = "the hub could not look up whether this pass still counts; nothing was done, try again";
  return refusal("storage_unavailable", text, { retry_after_ms: 1000 });
}
