/**
 * Reconnect storm: the hub is killed under many sockets at once, and all of them come back as fast
 * as they can, each from where it was. Plain sockets, no client library: the hub alone is judged.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { call, createChannel, type Json } from "../process/agent.ts";
import { HUB_KEY, HubProcess } from "../process/hub-process.ts";

/** Agent keys on the channel; each has an equal part of the sockets, 8 at most. */
const SOCKETS_PER_KEY = 4;
/** Between two attempts of a socket: random up to this, so that they do not knock in step. */
const RETRY_MS = 200;
/** Upgrades on their way at once, of all sockets: what many machines would do, one machine's backlog limits. */
const KNOCKING = 128;
/** A socket says how far it has read after so many messages. */
const SEEN_EVERY = 50;
/** Only guards against hanging. */
const HANGING_MS = 120_000;

export interface StormOptions {
  readonly worker: string;
  readonly sockets: number;
  readonly storms: number;
}

export interface StormReport {
  readonly sockets: number;
  /** Milliseconds from the moment the hub serves again until every socket has its first page, of each storm. */
  readonly back_ms: readonly number[];
  /** Upgrades that were refused with a status, by status. */
  readonly refused: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

export function describeStorm({ sockets, back_ms, refused, violations }: StormReport): string {
  const times = back_ms.map((ms) => `${(ms / 1000).toFixed(2)} s`).join(", ");
  const statuses = Object.entries(refused).map(([status, count]) => `${count} × ${status}`);
  const said = statuses.length === 0 ? "none refused" : `refused ${statuses.join(", ")}`;
  return `storm: ${sockets} sockets back after ${times}; ${said}; ${violations.length} violations`;
}

export async function runStorm({ worker, sockets, storms }: StormOptions): Promise<StormReport> {
  const variables = { HUB_RATE_PER_SECOND: "0", HUB_MAX_SOCKETS: "0", HUB_MAX_PARTICIPANTS: "0" };
  const hub = await HubProcess.start({ worker, variables });
  try {
    return await new Storm(hub, await createChannel(hub.url, "storm", "maker"), sockets).run(storms);
  } finally {
    await hub[Symbol.asyncDispose]();
  }
}

class Storm {
  readonly #hub: HubProcess;
  readonly #channel: string;
  readonly #clients: readonly Client[];
  readonly #refused: Record<string, number> = {};
  readonly #violations: string[] = [];

  constructor(hub: HubProcess, channel: string, sockets: number) {
    this.#hub = hub;
    this.#channel = channel;
    this.#clients = Array.from({ length: sockets }, (_, n) => new Client(`agent-${Math.floor(n / SOCKETS_PER_KEY)}`));
  }

  async run(storms: number): Promise<StormReport> {
    await this.#connectAll();
    const joined = await this.#lastSeq();
    const back_ms: number[] = [];
    for (let storm = 1; storm <= storms; storm++) {
      const text = `before storm ${storm}`;
      await this.#say(text);
      await this.#hub.kill();
      await this.#hub.restart();
      await this.#say(`after storm ${storm}`);
      const started = Date.now();
      await this.#connectAll();
      back_ms.push(Date.now() - started);
      await this.#checkAll(storm, joined + 2 * storm);
    }
    for (const client of this.#clients) client.end();
    return { sockets: this.#clients.length, back_ms, refused: this.#refused, violations: this.#violations };
  }

  /** Every socket that is not there knocks until it is let in. */
  async #connectAll(): Promise<void> {
    const waiting = this.#clients.filter((client) => !client.isOpen);
    const deadline = Date.now() + HANGING_MS;
    const knock = async (): Promise<void> => {
      for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) {
        if (Date.now() > deadline)
          throw new Error(`${waiting.length + 1} sockets were not let in: ${JSON.stringify(this.#refused)}`);
        const status = await client.connect(this.#hub.url, this.#channel);
        if (status === undefined) continue;
        this.#refused[status] = (this.#refused[status] ?? 0) + 1;
        if (status >= 500) this.#violations.push(`an upgrade was answered ${status}`);
        waiting.unshift(client);
        await sleep(Math.random() * RETRY_MS);
      }
    };
    await Promise.all(Array.from({ length: KNOCKING }, knock));
  }

  async #say(text: string): Promise<void> {
    const body = { channel_id: this.#channel, key: "maker", text };
    const { status } = await call(this.#hub.url, "/api/channel/send", { body });
    if (status !== 200) this.#violations.push(`"${text}" was answered ${status}`);
  }

  async #lastSeq(): Promise<number> {
    return (await call(this.#hub.url, `/api/channel/${this.#channel}/history?limit=1`)).body.meta.last_seq;
  }

  /** Nobody joined twice, everybody is connected, and everybody has everything, once. */
  async #checkAll(storm: number, last_seq: number): Promise<void> {
    const { body } = await call(this.#hub.url, `/api/channel/${this.#channel}`);
    if (body.last_seq !== last_seq) this.#blame(storm, `the log ends at ${body.last_seq}, not ${last_seq}`);
    const away = body.participants.filter(({ key, connected }: Json) => key !== "maker" && !connected);
    if (away.length > 0) this.#blame(storm, `${away.length} participants count as gone`);
    const behind = this.#clients.filter((client) => client.position !== last_seq);
    if (behind.length > 0) this.#blame(storm, `${behind.length} sockets are not at ${last_seq}`);
    const broken = this.#clients.find((client) => client.fault !== undefined);
    if (broken !== undefined) this.#blame(storm, broken.fault ?? "");
  }

  #blame(storm: number, what: string): void {
    this.#violations.push(`storm ${storm}: ${what}`);
  }
}

/** One socket that remembers how far it has read. */
class Client {
  readonly #key: string;
  #socket: WebSocket | undefined;
  /** Everything up to here has come. */
  position = 0;
  /** The first thing that came out of order. */
  fault: string | undefined;

  constructor(key: string) {
    this.#key = key;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  end(): void {
    this.#socket?.terminate();
  }

  /** Undefined once the first page has come; else the status of the refusal, 0 where nothing answered. */
  connect(url: string, channel: string): Promise<number | undefined> {
    const after = this.position === 0 ? "" : `&after=${this.position}`;
    const path = `/ws/channel/${channel}?key=${this.#key}${after}`;
    const headers = { "x-spf-key": HUB_KEY };
    const socket = new WebSocket(url.replace("http", "ws") + path, { headers, perMessageDeflate: false });
    this.#socket = socket;
    return new Promise((resolve) => {
      socket.on("message", (data: Buffer) => {
        this.#take(JSON.parse(data.toString()));
        resolve(undefined);
      });
      socket.on("unexpected-response", (_request, response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      socket.on("error", () => resolve(0));
      socket.on("close", () => resolve(0));
    });
  }

  #take(frame: Json): void {
    // The first page of a socket without a position shows the newest; it counts from their end.
    if (frame.type === "history" && this.position === 0) this.position = frame.meta.last_seq;
    else for (const message of frame.type === "history" ? frame.data : [frame.data]) this.#step(message.seq);
    // As a client does that wants not to count as a slow reader.
    if (frame.type === "history" || this.position % SEEN_EVERY === 0) this.#say({ action: "seen", seq: this.position });
  }

  #say(command: object): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(command));
  }

  #step(seq: number): void {
    if (seq !== this.position + 1) this.fault ??= `a socket of ${this.#key} got ${seq} after ${this.position}`;
    this.position = seq;
  }
}
