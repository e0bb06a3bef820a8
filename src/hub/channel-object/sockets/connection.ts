/**
 * One socket as the hub sees it. What must survive hibernation lives in the socket's attachment,
 * rewritten in the turn that changes it (SOC8); the rest is counters that a wake may forget.
 */
import type { Caller } from "../../../channel/index.ts";
import {
  closeCode,
  errorFrame,
  type ErrorCode,
  type HistoryCommand,
  PING_SILENCE_MS,
  type Refusal,
  SOCKET_LIFE_MS,
} from "../../../protocol/index.ts";
import { isAdminRight, kidOf } from "../../between/keys.ts";
import { type Attachment, type Mode, VERSION } from "./attachment.ts";
import { linesOf } from "./lines.ts";
import { Reader } from "./reader.ts";

/** What waits until its reader has read more. */
export interface Held {
  /** The newest message before it. */
  readonly seq: number;
  /** It stands in the stream for that very message. */
  readonly isOwn: boolean;
  readonly say: string | HistoryCommand;
}

/** How often a socket's pings are looked for while it is pushed to: asking the runtime costs as much as a small frame. */
const LOOK_MS = 1000;

/** Whose socket it is, and by what right. */
export interface Admitted {
  readonly caller: Caller;
  readonly right: string;
  readonly via?: string | undefined;
}

export type Wishes = Pick<Attachment, "batch" | "echo" | "line" | "mode" | "trail" | "instance" | "attempt">;

interface Opening extends Admitted {
  readonly wishes: Wishes;
  /** Unix milliseconds. */
  readonly now: number;
}

export class Connection {
  readonly socket: WebSocket;
  readonly reader: Reader = new Reader();
  /** Unix milliseconds of the last inbound frame since the object woke. */
  heard_at = 0;
  /** In the order in which it was asked for. Lost by a wake, as an object with some does not sleep. */
  held: readonly Held[] = [];
  /** Times of recent binary frames. */
  strikes: readonly number[] = [];
  #attached: Attachment;
  readonly #ctx: DurableObjectState;
  /** Unix milliseconds at which its pings were last looked for. */
  #looked_at = 0;

  private constructor(socket: WebSocket, attached: Attachment, ctx: DurableObjectState) {
    this.socket = socket;
    this.#attached = attached;
    this.#ctx = ctx;
  }

  /** Takes a new socket over. */
  static open(ctx: DurableObjectState, socket: WebSocket, { wishes, now, ...who }: Opening): Connection {
    const { key, name, kind, verified } = who.caller;
    const attached = {
      v: VERSION,
      key,
      name,
      kind,
      verified,
      right: who.right,
      until: who.caller.until,
      via: who.via,
      observer: who.caller.observes === true,
      paced: false,
      closing: false,
      opened_at: now,
      ...wishes,
    } as const;
    ctx.acceptWebSocket(socket);
    socket.serializeAttachment(attached);
    return new Connection(socket, attached, ctx);
  }

  /** A socket that outlived the object's memory; undefined for one that is on its way out. */
  static revive(ctx: DurableObjectState, socket: WebSocket): Connection | undefined {
    const attached = socket.deserializeAttachment() as Attachment | { readonly mode: "listener" } | null;
    if (attached === null || attached.mode === "listener" || attached.closing) return undefined;
    if (socket.readyState !== WebSocket.OPEN) return undefined;
    return new Connection(socket, attached, ctx);
  }

  get key(): string {
    return this.#attached.key;
  }

  get verified(): boolean {
    return this.#attached.verified;
  }

  get caller(): Caller {
    const { key, name, kind, verified, observer: observes } = this.#attached;
    return { key, name, kind, verified, observes, kid: this.kid, admin: isAdminRight(this.right) };
  }

  /** Names the hub key that admitted it. */
  get kid(): string {
    return kidOf(this.right);
  }

  get until(): number | undefined {
    return this.#attached.until;
  }

  /** Whether what admitted it has ended by itself. */
  isOver(now: number): boolean {
    return now >= (this.until ?? Infinity);
  }

  /** Unix milliseconds at which it must go: a day old, or with what admitted it. */
  get ends_at(): number {
    return Math.min(this.opened_at + SOCKET_LIFE_MS, this.until ?? Infinity);
  }

  /** The ticket it came by, if it watches by one. */
  get via(): string | undefined {
    return this.#attached.via;
  }

  get right(): string {
    return this.#attached.right;
  }

  get isObserver(): boolean {
    return this.#attached.observer;
  }

  /** Whether what is said to `members` is said to it too. */
  isAmong(members: ReadonlySet<string>): boolean {
    return this.isObserver || members.has(this.key);
  }

  /** A monitor's, which cannot ask for what it missed. */
  get isLine(): boolean {
    return this.#attached.line === true;
  }

  get batch(): boolean {
    return this.#attached.batch;
  }

  get echo(): boolean {
    return this.#attached.echo;
  }

  isOf(instance: string): boolean {
    return this.#attached.instance === instance;
  }

  get attempt(): number {
    return this.#attached.attempt ?? 0;
  }

  get mode(): Mode {
    return this.#attached.mode;
  }

  get isClosing(): boolean {
    return this.#attached.closing;
  }

  /** Unix milliseconds of the last answered `ping`; 0 when it never pinged. Survives hibernation. */
  get pinged_at(): number {
    return this.#ctx.getWebSocketAutoResponseTimestamp(this.socket)?.getTime() ?? 0;
  }

  /** It says what it has seen, so it knows what `lagging` is. */
  get isPaced(): boolean {
    return this.#attached.paced;
  }

  /** It was told that there is more, and may not know that it has to ask. */
  get hasNotAsked(): boolean {
    return this.mode === "behind" && !this.isPaced && this.#attached.trail !== undefined;
  }

  get trail(): { readonly at: number; readonly hasLeft: boolean } {
    return this.#attached.trail ?? { at: 0, hasLeft: false };
  }

  /** Counts what newer pings prove to have been read; looks for them now and then. */
  look(now: number): void {
    if (now - this.#looked_at < LOOK_MS) return;
    this.#looked_at = now;
    this.reader.look(this.pinged_at);
  }

  /** Unix milliseconds of the upgrade. */
  get opened_at(): number {
    return this.#attached.opened_at;
  }

  /** Open, and not silent since its last ping (SOC5). A client that never pings cannot be told from one that lives. */
  isLive(now: number): boolean {
    const pinged = this.pinged_at;
    return !this.isClosing && (pinged === 0 || now - Math.max(pinged, this.heard_at) <= PING_SILENCE_MS);
  }

  /** Nothing was heard of it for so long that a newer socket may take its place (SOC1). */
  isSilent(now: number): boolean {
    return now - Math.max(this.pinged_at, this.heard_at, this.#attached.opened_at) > PING_SILENCE_MS;
  }

  setMode(mode: Exclude<Mode, "trailing">): void {
    if (mode !== this.mode) this.#attach({ mode, trail: undefined });
  }

  /** It reads on by itself. */
  asks(): void {
    if (this.hasNotAsked) this.#attach({ trail: undefined });
  }

  setTrail(at: number, hasLeft = false): void {
    this.#attach({ mode: "trailing", trail: { at, hasLeft } });
  }

  setName(name: string): void {
    if (name !== this.#attached.name) this.#attach({ name });
  }

  setPaced(): void {
    if (!this.#attached.paced) this.#attach({ paced: true });
  }

  /** Sends one frame. A socket that throws is on its way out; its close event follows. */
  send(frame: string): void {
    try {
      if (this.isLine) for (const line of linesOf(frame)) this.socket.send(line);
      else this.socket.send(frame);
    } catch {
      this.markClosing();
    }
  }

  /** Ends the connection for a reason of the table, said in a last frame. */
  refuse(refusal: Refusal): void {
    this.send(errorFrame(refusal, {}, true));
    this.close(closeCode(refusal.code), refusal.code);
  }

  close(code: number, reason: ErrorCode): void {
    this.markClosing();
    try {
      this.socket.close(code, reason);
    } catch {
      // Already closed by the other side.
    }
  }

  markClosing(): void {
    if (!this.isClosing) this.#attach({ closing: true });
  }

  #attach(change: Partial<Attachment>): void {
    this.#attached = { ...this.#attached, ...change };
    this.socket.serializeAttachment(this.#attached);
  }
}
