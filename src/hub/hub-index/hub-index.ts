/**
 * The index: gives out `ch-N`, never twice, and answers `list`. It is not on a message's path: a
 * channel speaks to it once when it is made, and once between two lists that show it (IDX1–IDX3).
 */
import { isWithinReach, refuseConfined, refuseDelete, type Viewer } from "../../channel/index.ts";
import {
  channelDeleted,
  channelNotFound,
  type CreateBody,
  type ListQuery,
  ok,
  readLimits,
  type Result,
} from "../../protocol/index.ts";
import type { ChannelCalls } from "../between/channel-calls.ts";
import type { AuditEntry, Counts, Created, IndexCalls, Listing, Report, Sight } from "../between/index-calls.ts";
import type { Env } from "../between/env.ts";
import { AuditTrail } from "./audit.ts";
import { Creates } from "./created.ts";
import { checkPage } from "./fsck.ts";
import { type ChannelRow, IndexStore, type ListedRow } from "./index-store.ts";
import { recordOf } from "../between/record-row.ts";
import { cutPage, hasParticipant, stale } from "./list-page.ts";
import { logFault } from "../between/log.ts";
import { Meter } from "../between/meter.ts";
import { PassDesk } from "./pass-desk.ts";
import { Proofs, TELL_RETRY_MS } from "./proofs.ts";
import { newEpoch, type Registration } from "../between/registration.ts";
import { keep, type Report as UseReport, sumUp, type Usage } from "../between/usage.ts";

/** Numbers that a restore leaves out at least, since channels made since the copy have them; as many again by chance, for a second restore of it. */
const RESERVED = 256;
/** First wait before an erase that failed is repeated; doubled each time, up to an hour. */
const ERASE_RETRY_MS = 10_000;
const ERASE_RETRY_MAX_MS = 3_600_000;

export class HubIndex extends PassDesk implements IndexCalls {
  readonly #creates: Creates;
  readonly #store: IndexStore;
  readonly #audit: AuditTrail;
  readonly #meter: Meter;
  readonly #proofs: Proofs;
  #failed_erases = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#meter = new Meter(ctx.storage.sql);
    this.#store = new IndexStore(ctx.storage);
    this.#creates = new Creates(readLimits(env), this.#store, (number) => this.#channel(number));
    this.#audit = new AuditTrail(ctx.storage.sql);
    this.#proofs = new Proofs(ctx.storage.sql, {
      channel: (number) => this.#channel(number),
      madeByClaim: (key) => this.#store.madeByClaim(key),
      schedule: (at) => void ctx.storage.setAlarm(at),
    });
  }

  /** Makes a channel: one row, final at once. Its object is made when it is first used. */
  async create(viewer: Viewer, body: CreateBody, key: string): Promise<Result<Created>> {
    const { verified, kid = "" } = viewer;
    const barred = this.refuseBearer(viewer) ?? refuseConfined(viewer);
    if (barred !== undefined) return { ok: false, refusal: barred };
    const told = verified ? await this.#proofs.ofCreator(body.key, kid, Date.now()) : ok(true);
    if (!told.ok) return told;
    const ready = await this.#creates.ready({ creator: body.key, verified, key });
    if (!ready.ok) return ready;
    const now = Date.now();
    // From here on there is no await: nothing comes between the look and the row.
    const may = verified ? ok(true) : this.#proofs.mayClaim(body.key);
    if (!may.ok) return may;
    return await this.#creates.make(viewer, body, key, { trace: ready.value, now });
  }

  /** A channel met a key for the first time, or its proof (IDN5). */
  async sight(number: number, sight: Sight): Promise<Result<true>> {
    return await this.#proofs.sight(number, sight, Date.now());
  }

  /** Nobody claims the key in that channel any more. */
  unclaim(number: number, key: string): void {
    this.#proofs.unclaim(number, key);
  }

  /** Whether a key may be taken plainly where no channel is asked. */
  mayClaim(key: string): Result<true> {
    return this.#proofs.mayClaim(key);
  }

  /** What a channel object is made from, and compares itself with (IDX5). */
  record(number: number): Result<Registration> {
    const known = this.#live(number);
    if (!known.ok) return known;
    const row = known.value;
    const { change, renewed_from } = row;
    return ok({ ...recordOf(row), change, renewed_from, generation: this.#store.generation() });
  }

  /** A channel lost what it acknowledged, or may have: its epoch ends. False: it is not `from` any more. */
  renew(number: number, from: string, to: string): boolean {
    return this.#store.renew(number, from, to);
  }

  /** Compares a page of channels with the index, and mends what can be mended (IDX6). */
  async fsck(cursor: number, mend: boolean): Promise<Report> {
    const highest = await this.#creates.highest();
    const report = await checkPage({
      store: this.#store,
      inspect: (number) => this.#channel(number).inspect(),
      ...{ highest, mend, cursor, now: Date.now() },
    });
    // Not before all was looked at: a number below the next is taken for one that was deleted, or never used.
    if (mend && report.next_cursor === undefined) this.#store.skipTo(highest);
    if (mend && report.findings.some(({ fault }) => fault === "kept")) await this.#eraseAll();
    return report;
  }

  /** The owner put files back from a copy: every channel's positions of before end when it is next opened (IDX5). */
  async restored(): Promise<void> {
    const highest = Math.max(await this.#creates.highest(), this.#store.counts().next - 1);
    this.#store.leaveOut(highest + 1, highest + RESERVED + Math.floor(Math.random() * RESERVED));
    this.#store.setGeneration(newEpoch());
  }

  noteAct(entry: AuditEntry, isAdmin: boolean): void {
    this.#audit.add(entry, isAdmin);
  }

  /** What admins did, newest first. */
  audit(limit: number): readonly AuditEntry[] {
    return this.#audit.newest(limit);
  }

  /** The number the next channel gets: all below it exist or did. */
  next(): number {
    return this.#store.counts().next;
  }

  counts(): Counts {
    return this.#store.counts();
  }

  /** A channel is about to change what `list` shows of it; `used` is what it used today. */
  dirty(number: number, change: number, used?: UseReport): void {
    this.#meter.add("requests");
    this.#store.setDirty(number, change, used === undefined ? null : this.#kept(number, used));
  }

  /** What the hub used today, as far as channels told; it asks none of them (USE1). */
  usage(): Counts & { readonly usage: Usage } {
    this.#meter.add("requests");
    const usage = sumUp(this.#meter.day, this.#store.used(), this.#meter.counts, this.#meter.bytes);
    return { ...this.counts(), usage };
  }

  /** A channel's word for its row, which is written anyway; what the index used is kept with it. */
  #kept(number: number, used: UseReport): string {
    return JSON.stringify(keep(this.#store.usedBy(number), used, this.#meter.take()));
  }

  /** Exact for what its caller was acknowledged; asks each changed channel once, sleeping ones not at all. */
  async list(viewer: Viewer, { limit, cursor, key }: ListQuery): Promise<Result<Listing>> {
    this.#meter.add("requests");
    const barred = this.refuseBearer(viewer);
    if (barred !== undefined) return { ok: false, refusal: barred };
    const may = key === undefined || viewer.verified ? ok(true) : this.#proofs.mayClaim(key);
    if (!may.ok) return may;
    const wanted = { key, within: viewer.within };
    const { page, isCut } = cutPage(this.#store.listed(cursor, limit + 1, wanted), limit);
    const fresh = await Promise.all(
      page.map(async (row) => (row.dirty === 1 ? await this.#ask(row, key) : row.summary)),
    );
    const shown = fresh.filter((summary) => summary !== "");
    const last = page.at(-1);
    const listing = {
      channels: (key === undefined ? shown.map(withoutActivity) : shown).join(","),
      count: this.#store.countOf(wanted),
    };
    return ok(last !== undefined && isCut ? { ...listing, next_cursor: last.number } : listing);
  }

  /** Tombstone first: from here on the channel is gone, whatever happens to its storage. */
  async delete(viewer: Viewer, number: number): Promise<Result<true>> {
    const barred = this.refuseBearer(viewer);
    if (barred !== undefined) return { ok: false, refusal: barred };
    if (!isWithinReach(viewer, `ch-${number}`)) return { ok: false, refusal: channelNotFound(`ch-${number}`) };
    const known = this.#live(number);
    if (!known.ok) return known;
    const { created_by: creator, creator_verified, idempotency_key: key } = known.value;
    const why = refuseDelete(known.value, viewer);
    if (why !== undefined) return { ok: false, refusal: why };
    const may = viewer.admin === true ? ok(true) : await this.#channel(number).mayDelete(viewer);
    if (!may.ok) return may;
    const trace = await this.#creates.trace({ creator, verified: creator_verified === 1, key });
    if (!this.#store.bury(number, trace, Date.now())) return { ok: false, refusal: channelDeleted(`ch-${number}`) };
    // In the same turn as the tombstone, so that a crash cannot come between them.
    await this.ctx.storage.setAlarm(Date.now() + ERASE_RETRY_MS);
    await this.#eraseAll();
    return ok(true);
  }

  /** Repeats erases that failed, and tells channels what they could not be told: the only alarm in the system. */
  override async alarm(): Promise<void> {
    const isTold = await this.#proofs.tellDue();
    const { left, failed } = await this.ended.tell();
    await this.#eraseAll();
    if (!isTold || left > 0) await this.ctx.storage.setAlarm(Date.now() + (failed > 0 || !isTold ? TELL_RETRY_MS : 0));
  }

  /** The entry of a channel that is there. */
  #live(number: number): Result<ChannelRow> {
    const row = this.#store.row(number);
    if (row?.state === "live") return ok(row);
    const why = this.#store.isGone(number) ? channelDeleted : channelNotFound;
    return { ok: false, refusal: why(`ch-${number}`) };
  }

  async #eraseAll(): Promise<void> {
    for (const number of this.#store.toErase()) {
      try {
        await this.#channel(number).erase();
        this.#store.setErased(number);
        this.#proofs.forgetChannel(number);
        this.ended.forgetChannel(number);
      } catch (error) {
        logFault("erase", { channel: `ch-${number}` }, error);
      }
    }
    this.#store.prune(Date.now());
    if (this.#store.toErase().length === 0) {
      this.#failed_erases = 0;
      return this.#proofs.isDue || this.ended.isDue ? undefined : await this.ctx.storage.deleteAlarm();
    }
    const wait = Math.min(ERASE_RETRY_MS * 2 ** this.#failed_erases++, ERASE_RETRY_MAX_MS);
    await this.ctx.storage.setAlarm(Date.now() + wait);
  }

  /** A changed channel's summary, stored; the stored one where it cannot be had. Empty: it was deleted, or `key` is not in it. */
  async #ask(row: ListedRow, key: string | undefined): Promise<string> {
    try {
      const answer = await this.#channel(row.number).summary(row.change);
      if (!answer.ok) return answer.refusal.code === "channel_deleted" ? "" : stale(row.summary, key);
      const { change, used, ...said } = answer.value;
      if (change !== undefined)
        this.#store.setSummary(row.number, { ...said, change, used: this.#kept(row.number, used) });
      const isMine = key === undefined || said.more_keys?.includes(key) === true || hasParticipant(said.summary, key);
      return isMine ? said.summary : "";
    } catch (error) {
      logFault("summary", { channel: `ch-${row.number}` }, error);
      return stale(row.summary, key);
    }
  }

  #channel(number: number): DurableObjectStub<ChannelCalls> {
    return this.env.CHANNELS.getByName(`ch-${number}`);
  }
}

/** When something was last said is told to those who ask for a key's channels (LIS1). No name can hold these quotes. */
function withoutActivity(summary: string): string {
  return summary.replace(/,"active_at":"[^"]*"/, "");
}
