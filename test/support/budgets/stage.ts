/**
 * What attacks on a hub's budgets need: hub keys, channels filled to the brim, sockets that are not
 * read. What an attack has opened stays open until it is measured, and ends with `clear`.
 */
import { createHash, randomBytes } from "node:crypto";
import { createIdentity, signRequest } from "../../../src/client/identity.ts";
import { Agent, type Json } from "../process/agent.ts";
import { HUB_KEY, HubProcess } from "../process/hub-process.ts";

/** Hub keys of others than the owner; each is a team whose agents may be invented. */
const TEAMS = 8;
/** Requests of an attack that are under way at once. */
const AT_ONCE = 32;
/** Messages that an agent key may send before its rate counts. */
const BURST = 150;

export interface Said {
  readonly status: number;
  readonly bytes: number;
  readonly body: Json;
}

/** How far an attack goes: all the places there are, or a part that a short test can fill. */
export interface Reach {
  readonly participants: number;
  readonly sockets: number;
  readonly listens: number;
  readonly channels: number;
  readonly creates: number;
  /** Large messages that a channel is filled with. */
  readonly messages: number;
}

export const FULL: Reach = {
  participants: 1024,
  sockets: 1024,
  listens: 1024,
  channels: 64,
  creates: 600,
  messages: 1000,
};
export const SHORT: Reach = { participants: 64, sockets: 48, listens: 48, channels: 3, creates: 40, messages: 60 };

interface Options {
  readonly worker: string;
  readonly reach: Reach;
  /** Port of the runtime's inspector; none where nothing is measured. Then others talk on the hub meanwhile. */
  readonly inspector?: number;
}

export class Stage {
  readonly hub: HubProcess;
  readonly reach: Reach;
  /** Texts of hub keys: `teams` of scope agent, `reader` of scope read. */
  readonly teams: readonly string[];
  readonly reader: string;
  /** Whether all that the hub uses is the attack's. */
  readonly isAlone: boolean;
  #open: Agent[] = [];
  #waiting = new AbortController();
  #filler = 0;

  private constructor(hub: HubProcess, { reach, inspector }: Options, teams: readonly string[], reader: string) {
    this.hub = hub;
    this.reach = reach;
    this.isAlone = inspector === undefined;
    this.teams = teams;
    this.reader = reader;
  }

  static async start(options: Options): Promise<Stage> {
    const { worker, reach, inspector } = options;
    const teams = Array.from({ length: TEAMS }, (_none, at) => keyOf(`team-${at}`, "agent"));
    const reader = keyOf("reader", "read");
    const variables = {
      HUB_KEYS: [...teams, reader].map(({ entry }) => entry).join(),
      HUB_LOOP_GUARD: "0",
      HUB_MAX_PARTICIPANTS: String(reach.participants),
      HUB_MAX_SOCKETS: String(reach.sockets),
      HUB_CREATES_PER_MINUTE: String(reach.creates),
    };
    const hub = await HubProcess.start({ worker, variables, ...(inspector !== undefined && { inspector }) });
    return new Stage(
      hub,
      options,
      teams.map(({ text }) => text),
      reader.text,
    );
  }

  get team(): string {
    return this.teams[0] ?? "";
  }

  async ask(path: string, as: string = HUB_KEY, body?: object, signal?: AbortSignal): Promise<Said> {
    const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(this.hub.url + path, { ...sent, headers: { "x-spf-key": as }, signal: signal ?? null });
    const text = await answer.text();
    return { status: answer.status, bytes: Buffer.byteLength(text), body: JSON.parse(text) };
  }

  act(action: string, body: object, as?: string): Promise<Said> {
    return this.ask(`/api/channel/${action}`, as, body);
  }

  /** A new identity that signs; a join, or whatever else `action` is. */
  async signed(action: string, body: object, as: string): Promise<Said> {
    const { identity } = await createIdentity();
    const [url, text] = [`${this.hub.url}/api/channel/${action}`, JSON.stringify(body)];
    const proof = await signRequest({ method: "POST", url, body: text }, identity, Date.now());
    const answer = await fetch(url, { method: "POST", body: text, headers: { "x-spf-key": as, ...proof } });
    const said = await answer.text();
    return { status: answer.status, bytes: said.length, body: JSON.parse(said) };
  }

  /** The owner's, so that no share of a hub key is used up. */
  async channel(name = "budget"): Promise<string> {
    return (await this.act("create", { name, key: "maker" })).body.channel_id as string;
  }

  /** Messages of `bytes` each, by agents of the owner's. */
  async fill(channel_id: string, count: number, bytes: number): Promise<void> {
    const text = "x".repeat(bytes);
    for (let from = 0; from < count; from += BURST) {
      const key = `filler-${this.#filler++}`;
      await this.act("join", { channel_id, key });
      await this.many(Math.min(BURST, count - from), () => this.act("send", { channel_id, key, text }));
    }
  }

  /** Runs `work` so many times, some at once. */
  async many<T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> {
    const done: T[] = [];
    let next = 0;
    const one = async (): Promise<void> => {
      while (next < count) done.push(await work(next++));
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, one));
    return done;
  }

  /** A socket, or undefined where it is refused. */
  async connect(channel: string, query: string, as?: string): Promise<Agent | undefined> {
    const headers: Record<string, string> = as === undefined ? {} : { "x-spf-key": as };
    const agent = await Agent.connect(this.hub.url, channel, query, headers).catch(() => undefined);
    if (agent !== undefined) this.#open.push(agent);
    return agent;
  }

  /** As many sockets as are let in, of up to `count` asked for. */
  async crowd(count: number, open: (n: number) => Promise<Agent | undefined>): Promise<Agent[]> {
    return (await this.many(count, open)).filter((agent) => agent !== undefined);
  }

  /** A listen that waits until the attack is over. Gives the bytes of its answer, 0 where it got none. */
  async listen(channel: string, query: string, as: string): Promise<number> {
    const path = `/api/channel/${channel}/listen?${query}&wait=55`;
    const answer = await this.ask(path, as, undefined, this.#waiting.signal).catch(() => undefined);
    return answer?.bytes ?? 0;
  }

  /** What the hub used of the day so far (USE1); a list first brings it up to date. */
  async used(): Promise<Json> {
    await this.ask("/api/channel/list?limit=1000");
    return (await this.ask("/api/hub")).body.usage;
  }

  /** Ends what an attack has opened. */
  clear(): void {
    this.#waiting.abort();
    this.#waiting = new AbortController();
    for (const { socket } of this.#open) socket.terminate();
    this.#open = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.clear();
    await this.hub[Symbol.asyncDispose]();
  }
}

function keyOf(kid: string, scope: "read" | "agent"): { readonly text: string; readonly entry: string } {
  const text = `hub_${kid}_${randomBytes(32).toString("base64url")}`;
  return { text, entry: `${kid}:${scope}:${createHash("sha256").update(text).digest("hex")}` };
}
