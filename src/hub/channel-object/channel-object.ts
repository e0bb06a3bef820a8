/**
 * One channel: sockets and calls in, the rules of `src/channel` decide, frames out. Everything that
 * changes it goes through `Turns`; outside a turn memory equals disk. The constructor reads and
 * writes nothing, so a guess at an id leaves nothing behind.
 */
import { DurableObject } from "cloudflare:workers";
import {
  type Caller,
  describe,
  type HistoryQuery,
  type ListenQuery,
  type Reply,
  mayShow,
  readHistory,
  readSeq,
  type Unread,
  unreadFor,
  type Viewer,
} from "../../channel/index.ts";
import {
  type Change,
  channelDeleted,
  type ChannelDetails,
  type Limits,
  type ListenAnswer,
  map,
  type Named,
  ok,
  readLimits,
  type Result,
} from "../../protocol/index.ts";
import { Announcer } from "./announcer.ts";
import { ChannelStore } from "./channel-store.ts";
import { Committer, type CommitPorts } from "./committer.ts";
import type { ChannelCalls, CommandAnswer, Held, HistoryReply, SummaryReply } from "../between/channel-calls.ts";
import type { EndedPasses } from "../between/pass-text.ts";
import { connect, type ConnectPorts, refusedUpgrade } from "./sockets/connect.ts";
import { answerClose } from "./sockets/answer-close.ts";
import { Bearers, passOf } from "./bearers.ts";
import { Connections } from "./sockets/connections.ts";
import { Delivery } from "./delivery.ts";
import type { Env } from "../between/env.ts";
import { type InboundPort, receive } from "./sockets/inbound.ts";
import { Keeper } from "./keeper.ts";
import { LISTEN_PATH, type ListenRequest, readConnectRequest, readListenRequest } from "../between/requests.ts";
import { heardOf, listenInTurn, type ListenPorts, lookAt, readBefore } from "./listen-turn.ts";
import { Listeners } from "./listeners.ts";
import { lookOn, lookProven } from "./looks.ts";
import { Meter } from "../between/meter.ts";
import { Pacing } from "./sockets/pacing.ts";
import { commandRates, rateKey, type Rates } from "../between/rates.ts";
import { registryOf } from "./registry.ts";
import { commandAnswer, historyReply, summaryReply } from "./replies.ts";
import { closeRevoked, endBearers } from "./revocation.ts";
import { SocketAudience } from "./sockets/socket-audience.ts";
import { Sightings, type SightPorts } from "./sightings.ts";
import { Turns } from "./turns.ts";
import type { Report } from "../between/usage.ts";

export class Channel extends DurableObject<Env> implements ChannelCalls {
  readonly #limits: Limits;
  readonly #rates: Rates;
  readonly #store: ChannelStore;
  readonly #announcer: Announcer;
  readonly #keeper: Keeper;
  readonly #bearers: Bearers;
  readonly #sightings: Sightings;
  readonly #connections: Connections;
  readonly #pacing: Pacing;
  readonly #listeners: Listeners;
  readonly #delivery: Delivery;
  readonly #committer: Committer;
  readonly #turns: Turns;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Answered by the runtime without waking the object (SOC5).
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#limits = readLimits(env);
    this.#rates = commandRates(this.#limits);
    this.#store = new ChannelStore(ctx.storage, new Meter(ctx.storage.sql));
    const registry = registryOf(env, ctx.id.name ?? "");
    this.#announcer = new Announcer((change) => registry.dirty(change, this.#connections.used));
    this.#keeper = new Keeper(ctx, this.#store, this.#announcer, registry);
    this.#bearers = new Bearers({ keeper: this.#keeper, sql: ctx.storage.sql, registry, id: ctx.id.name ?? "" });
    this.#connections = new Connections(ctx, this.#store.meter);
    this.#pacing = new Pacing({
      ctx,
      connections: this.#connections,
      read: (query) => this.#keeper.read((state) => readHistory(state, this.#keeper.log, query)),
      inOrder: (step) => this.#answer(step),
    });
    this.#listeners = new Listeners(ctx, (query, pages) => lookAt(this.#keeper, query, pages));
    this.#delivery = new Delivery([new SocketAudience(this.#connections, this.#pacing), this.#listeners]);
    this.#committer = new Committer(() => this.#ports);
    this.#turns = new Turns(
      this.#announcer,
      (arrivals) => this.#committer.commit(arrivals),
      ({ caller, command }) => this.#mayShow(caller, command.action),
    );
    this.#sightings = new Sightings(() => this.#ports, registry);
    // Before the first event: keys change by a deploy, which makes the object anew (KEY3).
    void ctx.blockConcurrencyWhile(async () => {
      await closeRevoked(this.#connections, this.#bearers, env);
      this.#pacing.resume();
    });
  }

  // Calls from the Worker and the index: answers are values, refusals included.
  /** A command over HTTP; `done`, if given, is what its author is done with before (LIS3). */
  async command(caller: Caller, command: Change, named: Named, done?: number): Promise<Result<CommandAnswer>> {
    const opened = await this.#bearers.admit(caller);
    if (!opened.ok) return opened;
    const limited = this.#rates.take(rateKey(caller), Date.now());
    const refused = limited ?? (await this.#sightings.refuse(caller, command.action));
    if (refused !== undefined) return { ok: false, refusal: refused };
    heardOf(this.#ports, caller, Date.now());
    if (done !== undefined) readBefore(this.#turns, caller, done);
    const reply = await new Promise<Reply>((settle) => this.#turns.arrive({ caller, command, named, settle }));
    return commandAnswer(reply, { key: caller.key, read: (look) => this.#keeper.read(look) });
  }

  history(viewer: Viewer, query: HistoryQuery, reader?: string): Promise<Result<HistoryReply>> {
    const { log } = this.#keeper;
    return lookProven(this.#ports, viewer, (state) =>
      historyReply(readHistory(state, log, query), readSeq(state, reader)),
    );
  }

  /** What is later than a position, without waiting for it. */
  async listen(asked: ListenRequest): Promise<Result<ListenAnswer>> {
    return await listenInTurn(this.#ports, asked, (settled) => lookAt(this.#keeper, settled));
  }

  details(viewer: Viewer): Promise<Result<ChannelDetails>> {
    return lookProven(this.#ports, viewer, (state) => {
      const presence = this.#connections.presence(Date.now());
      return describe(state, this.#keeper.log, presence, this.#limits);
    });
  }

  /** What waits for the viewer after its read position, or `after`; nothing for one who is no participant. */
  unread(viewer: Viewer, after: number): Promise<Result<Unread>> {
    return lookOn(this.#ports, viewer, "look", (state) => unreadFor(state, this.#keeper.log, viewer.key, after));
  }

  inspect(): Result<Held> {
    return this.#keeper.inspect();
  }

  highest(at_least: number): number {
    return this.#keeper.highest(at_least);
  }

  /**
   * The summary for the index, which may store it for `change`; `known` is the newest change it has heard. A
   * change that waits for the index has not happened yet, so a list does not wait its turn.
   */
  async summary(known: number): Promise<Result<SummaryReply & { readonly used: Report }>> {
    const opened = await this.#keeper.open();
    if (!opened.ok) return opened;
    this.#turns.flush();
    const change = this.#announcer.clean(known);
    const now = Date.now();
    const summary = this.#keeper.commit(now, (state) =>
      summaryReply(state, (key) => this.#connections.isConnected(key, now)),
    );
    const { used } = this.#connections;
    return map(summary, (reply) => ({ ...reply, used, ...(change !== undefined && { change }) }));
  }

  /** The index says that a key which was claimed here is proven elsewhere (IDN5). */
  async proven(key: string): Promise<Result<true>> {
    return await this.#sightings.proven(key);
  }

  /** Passes ended: whoever came by one is out, and stays out (ACC3). */
  async endPasses(ended: EndedPasses): Promise<Result<true>> {
    return await endBearers({ ...this.#ports, listeners: this.#listeners }, ended);
  }

  /** Whether the viewer may delete it (GRD2). */
  mayDelete(viewer: Viewer): Promise<Result<true>> {
    return lookOn(this.#ports, viewer, "delete", () => true as const);
  }

  /** Whether the key is still known here as proven. */
  async knows(key: string): Promise<boolean> {
    return await this.#sightings.knows(key);
  }

  /** Ends the channel for good; the index holds its tombstone already. */
  async erase(): Promise<void> {
    this.#turns.flush();
    const why = channelDeleted(this.ctx.id.name ?? "");
    const now = Date.now();
    for (const connection of [...this.#connections.all()]) this.#connections.drop(connection, why, now);
    this.#listeners.end(() => why);
    await this.#keeper.erase();
  }

  /** Upgrades, of agents and of those who wait. The Worker made the request from scratch, and only it can reach here. */
  override async fetch(request: Request): Promise<Response> {
    return new URL(request.url).pathname === LISTEN_PATH ? await this.#wait(request) : await this.#connect(request);
  }

  async #wait(request: Request): Promise<Response> {
    const asked = readListenRequest(request);
    const by = { kid: rateKey(asked.caller).shared, pass: passOf(asked.caller) };
    const open = (query: ListenQuery): Result<Response> => ok(this.#listeners.open(query, Date.now(), by));
    const answered = await listenInTurn(this.#ports, asked, open);
    return answered.ok ? answered.value : Response.json(answered);
  }

  async #connect(request: Request): Promise<Response> {
    const asked = readConnectRequest(request);
    const isObserver = asked.caller.observes === true;
    const opened = await this.#bearers.admit(asked.caller);
    if (!opened.ok) return refusedUpgrade(opened.refusal);
    const limited = this.#rates.take(rateKey(asked.caller), Date.now());
    const refused = limited ?? (isObserver ? undefined : await this.#sightings.refuse(asked.caller, "join"));
    if (refused !== undefined) return refusedUpgrade(refused);
    const connected = await this.#turns.inOrder(
      () => this.#committer.sending(() => connect(this.#ports, asked, Date.now())),
      () => !isObserver && this.#mayShow(asked.caller, "join"),
    );
    if (!connected.ok) return refusedUpgrade(connected.refusal);
    return new Response(null, { status: 101, webSocket: connected.value });
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.isClosing) return;
    const now = Date.now();
    if (connection.isOver(now)) return this.#answer(() => this.#connections.dropEnded(now));
    this.#store.meter.add("frames");
    receive(this.#inbound, connection, data, now);
    // After the reply to what it said.
    if (now >= connection.ends_at) this.#answer(() => this.#connections.dropOld(now));
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    if (this.#listeners.remove(socket)) return answerClose(socket, code);
    this.#pacing.closed(socket, code, Date.now());
    const connection = this.#connections.get(socket);
    if (connection !== undefined) this.#connections.closed(connection, code, Date.now());
    // Presence is visible: the index hears of it before the client's close is answered.
    this.#keeper.wake();
    if (connection?.isObserver === false) this.#sightings.gone(connection);
    const isVisible = (): boolean => connection?.isObserver !== true;
    if (!this.#keeper.isErased)
      await this.#turns.inOrder(() => this.#keeper.commit(Date.now(), () => undefined), isVisible);
    answerClose(socket, code);
  }

  /** The connection broke, which no close frame says. */
  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket, 1006);
  }

  readonly #inbound: InboundPort = {
    limit: (key, now) => this.#rates.take(key, now),
    arrive: (origin, command, named) => {
      // A name given on a socket is its name from then on, also when it joins again (MEM1).
      if ("name" in command && command.name !== undefined) origin.setName(command.name);
      this.#keeper.wake();
      this.#turns.arrive({ caller: origin.caller, command, named, origin });
    },
    seen: (connection, seq) => this.#pacing.seen(connection, seq),
    asks: (connection) => this.#pacing.asks(connection),
    shows: (connection, seq) => this.#pacing.shows(connection, seq),
    heard: (connection, now) => this.#pacing.heard(connection, now),
    sendHistory: (connection, command) => this.#answer(() => this.#pacing.history(connection, command)),
    sendError: (connection, frame) => this.#answer(() => this.#pacing.reply(connection, frame)),
    refused: (connection, code) => this.#connections.log.refused(connection, code),
    drop: (connection, why) => this.#answer(() => this.#connections.drop(connection, why, Date.now())),
  };

  /** What cannot be read is left to the turn itself. */
  #mayShow(caller: Caller, action: Change["action"]): boolean {
    const may = this.#keeper.read((state) => mayShow(state, caller, action, { now: Date.now(), limits: this.#limits }));
    return !may.ok || may.value;
  }

  /** Answers a socket after what arrived before. */
  #answer(reply: () => void): void {
    void this.#turns.inOrder(() => this.#committer.sending(reply));
  }

  get #ports(): ConnectPorts & ListenPorts & SightPorts & CommitPorts {
    const [ctx, limits, keeper, connections] = [this.ctx, this.#limits, this.#keeper, this.#connections];
    const [delivery, pacing, rates, turns] = [this.#delivery, this.#pacing, this.#rates, this.#turns];
    const [bearers, committer, sightings] = [this.#bearers, this.#committer, this.#sightings];
    return { bearers, ctx, limits, keeper, connections, delivery, pacing, rates, turns, committer, sightings };
  }
}
