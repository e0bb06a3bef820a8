/**
 * Throws fuzzed requests and frames at a real hub, several at once. What comes back must be an
 * answer of the protocol, never a fault; and what was refused must have changed nothing, so that
 * each channel ends exactly at the highest seq that somebody was told.
 */
import { type IncomingMessage, Agent as KeptAlive, request } from "node:http";
import { ERRORS, type ErrorCode } from "../../../src/protocol/index.ts";
import { Dice } from "../crash/dice.ts";
import { Agent, call, createChannel, type Json, UpgradeRefused } from "../process/agent.ts";
import type { HubProcess } from "../process/hub-process.ts";
import {
  fuzzedBody,
  fuzzedCall,
  fuzzedFrame,
  fuzzedHeaders,
  fuzzedName,
  type FuzzedRequest,
  fuzzedUrl,
  QUERY_FIELDS,
} from "./cases.ts";
import { oneIn, pick, urlPart } from "./words.ts";

const WORKERS = 16;
/** Cases between two looks at the state. */
const ROUND = 5000;

export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /** Text of a hub key of scope agent: nobody deletes a channel that another is looking at. */
  readonly hubKey: string;
  readonly progress?: (done: number) => void;
}

/** How often each outcome came, by code; `ok` is success. Throws on the first that must not be. */
export async function fuzz(hub: HubProcess, options: FuzzOptions): Promise<Readonly<Record<string, number>>> {
  const state = new Told(hub, options.hubKey);
  const scratch = await createChannel(hub.url, "scratch");
  const workers = await Promise.all(
    Array.from({ length: WORKERS }, (_, at) => Fuzzer.start(state, new Dice(options.seed * WORKERS + at), scratch)),
  );
  for (let done = 0; done < options.cases; done += ROUND) {
    let left = Math.min(ROUND, options.cases - done);
    await Promise.all(workers.map((worker) => worker.run(() => left-- > 0)));
    await state.check(scratch);
    options.progress?.(Math.min(done + ROUND, options.cases));
  }
  for (const worker of workers) worker.end();
  if (/"level":"error"|uncaught|exception/i.test(hub.output)) throw new Error(`the hub had a fault: ${faultIn(hub)}`);
  return state.outcomes;
}

function faultIn({ output }: HubProcess): string {
  return output.split("\n").find((line) => /"level":"error"|uncaught|exception/i.test(line)) ?? "";
}

/** What callers were told, which is all that may have happened. */
class Told {
  readonly hub: HubProcess;
  readonly hubKey: string;
  readonly outcomes: Record<string, number> = {};
  readonly #seqs: Map<string, number> = new Map();
  #channels = 0;

  constructor(hub: HubProcess, hubKey: string) {
    this.hub = hub;
    this.hubKey = hubKey;
  }

  seq(channel_id: string, seq: number): void {
    this.#seqs.set(channel_id, Math.max(seq, this.#seqs.get(channel_id) ?? 1));
  }

  created(channel_id: string): void {
    this.#channels = Math.max(this.#channels, Number(channel_id.slice(3)));
    this.seq(channel_id, 1);
  }

  count(outcome: string): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  /** No channel but those created, and in each no message but those acknowledged. */
  async check(scratch: string): Promise<void> {
    const { body } = await call(this.hub.url, "/api/hub");
    if (body.channels !== this.#channels) throw new Error(`${body.channels} channels, ${this.#channels} were told`);
    for (const [id, told] of this.#seqs) {
      if (id === scratch || told === 1) continue;
      const { body: page } = await call(this.hub.url, `/api/channel/${id}/history?limit=1`);
      if (page.meta.last_seq !== told) throw new Error(`${id} is at ${page.meta.last_seq}, ${told} was told`);
    }
  }
}

/** One that does a case after the other, in a channel and on a socket of its own. */
class Fuzzer {
  readonly #told: Told;
  readonly #dice: Dice;
  readonly #id: string;
  readonly #scratch: string;
  readonly #key: string;
  readonly #http = new KeptAlive({ keepAlive: true });
  #socket: Agent | undefined;
  #sentinel = 0;

  private constructor(told: Told, dice: Dice, id: string, scratch: string) {
    this.#told = told;
    this.#dice = dice;
    this.#id = id;
    this.#scratch = scratch;
    this.#key = `k-${id}`;
  }

  static async start(told: Told, dice: Dice, scratch: string): Promise<Fuzzer> {
    const id = await createChannel(told.hub.url, "fuzzed");
    told.created(scratch);
    told.created(id);
    return new Fuzzer(told, dice, id, scratch);
  }

  end(): void {
    this.#socket?.socket.terminate();
    this.#http.destroy();
  }

  async run(hasNext: () => boolean): Promise<void> {
    while (hasNext()) {
      const sort = this.#dice.roll(0, 9);
      if (sort <= 4) await this.#frame(fuzzedFrame(this.#dice));
      else if (sort === 5 && oneIn(this.#dice, 10)) await this.#upgrade();
      else await this.#request(this.#fuzzed(sort));
    }
  }

  #fuzzed(sort: number): FuzzedRequest {
    if (sort === 9 && oneIn(this.#dice, 4)) return fuzzedCall(this.#dice, this.#scratch, this.#key);
    const make = pick(this.#dice, [fuzzedBody, fuzzedBody, fuzzedUrl, fuzzedHeaders, fuzzedName]);
    return make(this.#dice, this.#id, this.#key);
  }

  async #request(asked: FuzzedRequest): Promise<void> {
    const { status, text } = await send(this.#told, this.#http, asked);
    const said = `${asked.method} ${asked.path} ${JSON.stringify(asked.headers)} ${String(asked.body ?? "")}`;
    const about = said.slice(0, 2000);
    if (asked.method === "HEAD" || (status === 204 && asked.method === "OPTIONS")) return this.#told.count("no body");
    // The runtime's own words: what is no URL never reaches the Worker.
    if (status === 400 && text === "invalid URI") return this.#told.count("no URL");
    if (text === "" && status === 202) return this.#told.count("notification");
    this.#judge(status, parse(text, about), about);
  }

  #judge(status: number, body: Json, about: string): void {
    if (body.jsonrpc === "2.0") {
      if (body.error?.code === -32_603) throw new Error(`a fault: ${about}`);
      return this.#told.count("json-rpc");
    }
    if (status === 200 && body.ok === true) return this.#note(body);
    requireCode(body.code, about);
    if (ERRORS[body.code as ErrorCode].status !== status) throw new Error(`${status} ${body.code}: ${about}`);
    this.#told.count(body.code);
  }

  /** What an accepted request says that it did. */
  #note(body: Json): void {
    this.#told.count("ok");
    if (body.message !== undefined) this.#told.seq(body.message.channel_id, body.message.seq);
    else if (typeof body.channel_id === "string" && typeof body.seq === "number")
      this.#told.seq(body.channel_id, body.seq);
    else if (body.created_by !== undefined && body.channel_id !== undefined) this.#told.created(body.channel_id);
  }

  /** What a frame is answered, up to the answer of one that is right. */
  async #frame(frame: string | Uint8Array): Promise<void> {
    const socket = await this.#connected();
    const ref = `s-${this.#sentinel++}`;
    socket.say(frame);
    socket.say({ action: "history", limit: 1, ref });
    for (;;) {
      const reply = await socket.next();
      if (reply.ref === ref) return;
      this.#hear(reply, String(frame).slice(0, 500));
      if (reply.fatal !== true) continue;
      socket.socket.terminate();
      this.#socket = undefined;
      return;
    }
  }

  #hear(reply: Json, about: string): void {
    if (reply.type === "error") requireCode(reply.code, about);
    this.#told.count(reply.type === "error" ? reply.code : `frame ${reply.type}`);
    if (typeof reply.data?.seq === "number") this.#told.seq(this.#id, reply.data.seq);
    if (typeof reply.seq === "number") this.#told.seq(this.#id, reply.seq);
  }

  async #connected(): Promise<Agent> {
    this.#socket ??= await this.#connect(`key=s-${this.#id}`);
    return this.#socket;
  }

  async #connect(query: string): Promise<Agent> {
    const agent = await Agent.connect(this.#told.hub.url, this.#id, query, { "x-spf-key": this.#told.hubKey });
    const first = await agent.next();
    if (first.type === "history") this.#told.seq(this.#id, first.meta.last_seq);
    return agent;
  }

  async #upgrade(): Promise<void> {
    const fields = Array.from({ length: 4 }, () => `${pick(this.#dice, QUERY_FIELDS)}=${urlPart(this.#dice)}`);
    const query = fields.join("&").replaceAll(/[#\\]/g, "");
    try {
      const agent = await this.#connect(oneIn(this.#dice, 2) ? `key=${this.#key}&${query}` : query);
      agent.socket.terminate();
      this.#told.count("upgraded");
    } catch (error) {
      if (!(error instanceof UpgradeRefused)) throw error;
      this.#judge(error.status, error.body, query);
    }
  }
}

function parse(text: string, about: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`an answer that is no JSON, ${JSON.stringify(text.slice(0, 200))}: ${about}`);
  }
}

function requireCode(code: unknown, about: string): void {
  if (typeof code !== "string" || !Object.hasOwn(ERRORS, code))
    throw new Error(`a code of no table, ${String(code)}: ${about}`);
  if (["internal", "storage_unavailable", "outcome_unknown"].includes(code)) throw new Error(`${code}: ${about}`);
}

function send(
  { hub, hubKey }: Told,
  agent: KeptAlive,
  { method, path, headers, body }: FuzzedRequest,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const given = { "x-spf-key": hubKey, ...headers, ...length };
    const asking = request({ host: "127.0.0.1", port: hub.port, path, method, headers: given, agent });
    asking.once("error", reject);
    asking.once("response", (response: IncomingMessage) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asking.end(body);
  });
}
