/**
 * One channel: sockets and calls in, the rules of `src/channel` decide, frames out. Everything that
 * changes it goes through `Turns`; outside a turn memory equals disk. The constructor reads and
 * writes nothing, so a guess at an id leaves nothing behind.
 */
import { DurableObject } from "cloudflare:workers";
import {
  type Caller,
  type ChannelState,
  describeParticipants,
  firstSeq,
  handle,
  type HistoryQuery,
  readHistory,
  summarize,
} from "../channel/index.ts";
import {
  type AckExtras,
  type Change,
  channelDeleted,
  errorFrame,
  type HistoryCommand,
  type Limits,
  map,
  type Named,
  ok,
  type ParticipantDetail,
  readLimits,
  type Result,
} from "../protocol/index.ts";
import { Announcer } from "./announcer.ts";
import { ChannelStore } from "./channel-store.ts";
import { connect, type ConnectPorts, readConnectRequest, refusedUpgrade } from "./connect.ts";
import { answerClose, type Connection } from "./connection.ts";
import { Connections } from "./connections.ts";
import { closePlain, proveCaller } from "./no-downgrade.ts";
import { Delivery, type Reply } from "./delivery.ts";
import { type Env, INDEX_NAME } from "./env.ts";
import type { HubIndex } from "./hub-index.ts";
import { type InboundPort, receive } from "./inbound.ts";
import { Keeper } from "./keeper.ts";
import { logFault } from "./log.ts";
import { Pacing } from "./pacing.ts";
import { rateKey, Rates } from "./rates.ts";
import { closeRevoked } from "./revocation.ts";
import { type Arrival, Turns } from "./turns.ts";

/** What became of a command that came over HTTP. */
export type CommandAnswer =
  | { readonly type: "sent"; /** JSON. */ readonly message: string; readonly extras: AckExtras }
  | { readonly type: "done"; readonly seq: number; /** Of a join. */ readonly epoch?: string };

export interface HistoryReply {
  /** JSON of the messages, joined by commas. */
  readonly messages: string;
  readonly count: number;
  /** JSON of the meta. */
  readonly meta: string;
}

export interface SummaryReply {
  /** JSON. */
  readonly summary: string;
  /** What the summary stands for; absent while a change is being announced. */
  readonly change?: number;
}

/** A channel in full; `summary` is JSON. */
export interface Details {
  readonly summary: string;
  readonly participants: readonly ParticipantDetail[];
  readonly epoch: string;
  readonly first_seq: number;
  readonly last_seq: number;
}

export class Channel extends DurableObject<Env> {
  readonly #limits: Limits;
  readonly #rates: Rates;
  readonly #store: ChannelStore;
  readonly #announcer: Announcer;
  readonly #keeper: Keeper;
  readonly #connections: Connections;
  readonly #pacing: Pacing;
  readonly #delivery: Delivery;
  readonly #turns: Turns;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Answered by the runtime without waking the object (SOC5).
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#limits = readLimits(env);
    const rate = { per_second: this.#limits.HUB_RATE_PER_SECOND, burst: this.#limits.HUB_RATE_BURST };
    this.#rates = new Rates(
      rate,
      "rate_limited",
      `a key may make ${rate.per_second} commands a second in a channel (HUB_RATE_PER_SECOND)`,
    );
    this.#store = new ChannelStore(ctx.storage);
    this.#announcer = new Announcer((change) => this.#index().dirty(this.#number, change));
    this.#keeper = new Keeper(ctx, this.#store, this.#announcer, () => this.#index().record(this.#number));
    this.#connections = new Connections(ctx);
    this.#pacing = new Pacing(ctx, this.#connections);
    this.#delivery = new Delivery(this.#connections, this.#pacing);
    this.#turns = new Turns(this.#announcer, (arrivals) => this.#commit(arrivals));
    // Before the first event: keys change by a deploy, which makes the object anew (KEY3).
    void ctx.blockConcurrencyWhile(() => closeRevoked(this.#connections, env));
  }

  // ---- calls from the Worker and the index: answers are values, refusals included ----

  /** A command over HTTP. */
  async command(caller: Caller, command: Change, named: Named): Promise<Result<CommandAnswer>> {
    const opened = await this.#keeper.open();
    if (!opened.ok) return opened;
    const limited = this.#rates.take(rateKey(caller), Date.now());
    if (limited !== undefined) return { ok: false, refusal: limited };
    const reply = await new Promise<Reply>((settle) => this.#turns.arrive({ caller, command, named, settle }));
    return commandAnswer(reply);
  }

  history(query: HistoryQuery, proven?: Caller): Promise<Result<HistoryReply>> {
    return this.#reading(proven, (state) => {
      const { messages, count, meta } = readHistory(state, this.#keeper.log, query);
      return { messages, count, meta: JSON.stringify(meta) };
    });
  }

  details(proven?: Caller): Promise<Result<Details>> {
    return this.#reading(proven, (state) => {
      const now = Date.now();
      const participants = describeParticipants(state, this.#keeper.log.sends(0), {
        now,
        isConnected: (key) => this.#connections.isConnected(key, now),
        lastHeard: (key) => this.#connections.lastHeard(key),
      });
      const { epoch } = state.record;
      return {
        summary: this.#summary(state, now),
        participants,
        epoch,
        first_seq: firstSeq(state),
        last_seq: state.last_seq,
      };
    });
  }

  /**
   * The summary for the index, which may store it for `change`. `known` is the newest change number
   * the index has heard. A change that still waits for the index has not happened yet and must not
   * hold up a list, so this does not wait its turn.
   */
  async summary(known: number): Promise<Result<SummaryReply>> {
    const opened = await this.#keeper.open();
    if (!opened.ok) return opened;
    this.#turns.flush();
    const change = this.#announcer.clean(known);
    const now = Date.now();
    const summary = this.#keeper.commit(now, (state) => this.#summary(state, now));
    return map(summary, (json) => (change === undefined ? { summary: json } : { summary: json, change }));
  }

  /** Ends the channel for good; the index holds its tombstone already. */
  async erase(): Promise<void> {
    this.#turns.flush();
    const why = channelDeleted(this.ctx.id.name ?? "");
    const now = Date.now();
    for (const connection of [...this.#connections.all()]) this.#connections.drop(connection, why, now);
    await this.#keeper.erase();
  }

  /** The upgrade. The Worker made this request from scratch, and only it can reach here. */
  override async fetch(request: Request): Promise<Response> {
    const asked = readConnectRequest(request);
    const opened = await this.#keeper.open();
    if (!opened.ok) return refusedUpgrade(opened.refusal);
    const limited = this.#rates.take(rateKey(asked.caller), Date.now());
    if (limited !== undefined) return refusedUpgrade(limited);
    const connected = await this.#turns.inOrder(
      () => this.#sending(() => connect(this.#ports, asked, Date.now())),
      true,
    );
    if (!connected.ok) return refusedUpgrade(connected.refusal);
    return new Response(null, { status: 101, webSocket: connected.value });
  }

  // ---- socket events ----

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const connection = this.#connections.get(socket);
    if (connection !== undefined && !connection.isClosing) receive(this.#inbound, connection, data, Date.now());
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    const connection = this.#connections.get(socket);
    connection?.markClosing();
    if (connection !== undefined) this.#connections.remove(connection, Date.now());
    // Presence is visible: the index hears of it before the client's close is answered.
    if (!this.#keeper.isErased) await this.#turns.inOrder(() => this.#keeper.commit(Date.now(), () => undefined), true);
    answerClose(socket, code);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket, 1011);
  }

  // ---- within ----

  /** Decides, stores and delivers the commands of a turn (DUR2). */
  #commit(arrivals: readonly Arrival[]): void {
    const now = Date.now();
    const context = { log: this.#keeper.log, now, limits: this.#limits };
    const decided = this.#keeper.commit(now, (state) =>
      arrivals.map((arrival) => ({ arrival, outcome: handle(state, arrival.caller, arrival.command, context) })),
    );
    this.#sending(() => {
      if (decided.ok) closePlain(this.#connections, decided.value, now);
      if (decided.ok) return this.#delivery.deliver(decided.value, now);
      const outcome = { type: "refused", refusal: decided.refusal } as const;
      this.#delivery.deliver(
        arrivals.map((arrival) => ({ arrival, outcome })),
        now,
      );
    });
  }

  /**
   * Runs what follows a write. An exception here would leave readers without messages that are
   * stored, so it resets the object: everybody reconnects and resumes.
   */
  #sending<T>(deliver: () => T): T {
    try {
      return deliver();
    } catch (error) {
      logFault("delivery", { channel: this.ctx.id.name ?? "" }, error);
      this.ctx.abort("a turn was stored and could not be delivered");
      throw error;
    }
  }

  /** A read whose caller is `proven` counts as proof here (IDN1). */
  async #reading<T>(proven: Caller | undefined, look: (state: ChannelState) => T): Promise<Result<T>> {
    const opened = await this.#keeper.open();
    if (!opened.ok) return opened;
    return await this.#turns.inOrder(() => {
      if (proven !== undefined) proveCaller(this.#keeper, this.#connections, proven, Date.now());
      return this.#keeper.read(look);
    });
  }

  #summary(state: ChannelState, now: number): string {
    return JSON.stringify(summarize(state, (key) => this.#connections.isConnected(key, now)));
  }

  readonly #inbound: InboundPort = {
    limit: (key, now) => this.#rates.take(key, now),
    arrive: (origin, command, named) => this.#turns.arrive({ caller: origin.caller, command, named, origin }),
    seen: (connection, seq) => this.#pacing.seen(connection, seq),
    sendHistory: (connection, command) => this.#answer(() => this.#sendHistory(connection, command)),
    sendError: (connection, frame) => this.#answer(() => connection.send(frame)),
    drop: (connection, why) => this.#answer(() => this.#connections.drop(connection, why, Date.now())),
  };

  /** Answers a socket after what arrived before. */
  #answer(reply: () => void): void {
    void this.#turns.inOrder(() => this.#sending(reply));
  }

  #sendHistory(connection: Connection, command: HistoryCommand): void {
    const page = this.#keeper.read((state) => readHistory(state, this.#keeper.log, command));
    if (page.ok) this.#pacing.page(connection, page.value, command);
    else connection.send(errorFrame(page.refusal, command.ref === undefined ? {} : { ref: command.ref }));
  }

  get #ports(): ConnectPorts {
    const [ctx, limits, keeper] = [this.ctx, this.#limits, this.#keeper];
    return { ctx, limits, keeper, connections: this.#connections, delivery: this.#delivery, pacing: this.#pacing };
  }

  get #number(): number {
    return Number(this.ctx.id.name?.slice("ch-".length));
  }

  #index(): DurableObjectStub<HubIndex> {
    return this.env.HUB_INDEX.getByName(INDEX_NAME);
  }
}

function commandAnswer({ outcome, extras }: Reply): Result<CommandAnswer> {
  if (extras !== undefined) return ok({ type: "sent", message: outcome.message, extras });
  switch (outcome.type) {
    case "refused":
      return { ok: false, refusal: outcome.refusal };
    case "joined":
      return ok({ type: "done", seq: outcome.seq, epoch: outcome.epoch });
    case "left":
    case "read":
      return ok({ type: "done", seq: outcome.seq });
  }
}
