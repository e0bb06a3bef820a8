/**
 * Whether agents can rely on a hub from here: two of them, made for this and proven by signatures,
 * talk over the client library in a channel of their own, which is deleted in the end. Each check is
 * told as it is done; the first that makes the rest pointless is the last.
 */
import { type ChannelClient, HubClient, HubError } from "../client/index.ts";
import { authorizeAs, createIdentity } from "../client/identity.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { Message } from "../protocol/message.ts";

export interface Check {
  readonly name: "reach" | "key" | "clock" | "talk" | "link" | "resume";
  readonly isGood: boolean;
  /** What was found, and what to do where it is bad. */
  readonly says: string;
  /** Why, where the hub or the network said no. */
  readonly error?: HubError;
}

export interface Visit {
  readonly url: string;
  readonly key: string | undefined;
  /** How long the two talk. */
  readonly seconds: number;
  readonly tell: (check: Check) => Promise<void>;
}

/** Milliseconds between two messages. */
const PAUSE_MS = 200;
/** Milliseconds a message may take; agents notice a second. */
const LATE_MS = 10_000;
/** A signature may be a minute off (IDN2); half of it is the time to set the clock. */
const SKEW_MS = 30_000;
/** A dead link is to be noticed within the visit. */
const TIMING = { ping_ms: 2000, pong_ms: 3000 };
/** Messages sent to somebody who is away. */
const MISSED = 3;

/** Resolves to whether all is well. */
export async function visit({ url, key, seconds, tell }: Visit): Promise<boolean> {
  const [alpha, bravo] = await Promise.all([agentAt(url, key, "DOCTOR"), agentAt(url, key, "PATIENT")]);
  const reached = await attempt(tell, "reach", async () => {
    const { name, version } = await alpha.api.health();
    if (name !== "channel-hub") throw new HubError({ code: "bad_answer", message: "this is no hub", status: 200 });
    return [version, `${alpha.api.url} is a hub, version ${version}`];
  });
  if (reached === undefined) return false;
  const made = await attempt(tell, "key", async () => {
    const { channel_id } = await alpha.api.create("doctor");
    return [channel_id, "the hub key admits, and signatures are taken"];
  });
  if (made === undefined) return false;
  try {
    return await examine({ alpha, bravo, id: made, seconds, tell });
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    await tell({ name: "link", isGood: false, says: error.message, error });
    return false;
  } finally {
    // A channel that cannot be deleted now is in the owner's list, under its name.
    await alpha.api.delete(made).catch(() => undefined);
  }
}

async function agentAt(url: string, key: string | undefined, name: string): Promise<HubClient> {
  const { identity } = await createIdentity();
  const agent = { key: identity.key, name, kind: "service" } as const;
  return new HubClient({
    url,
    agent,
    authorize: authorizeAs(identity),
    timing: TIMING,
    ...(key !== undefined && { key }),
  });
}

/** Tells how it went; undefined when it did not. */
async function attempt<T>(
  tell: Visit["tell"],
  name: Check["name"],
  run: () => Promise<readonly [T, string]>,
): Promise<T | undefined> {
  try {
    const [found, says] = await run();
    await tell({ name, isGood: true, says });
    return found;
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    await tell({ name: error.code === "clock_skew" ? "clock" : name, isGood: false, says: error.message, error });
    return undefined;
  }
}

interface Room {
  readonly alpha: HubClient;
  readonly bravo: HubClient;
  readonly id: string;
  readonly seconds: number;
  readonly tell: Visit["tell"];
}

async function examine({ alpha, bravo, id, seconds, tell }: Room): Promise<boolean> {
  const [speaker, listener] = await Promise.all([alpha.connect(id), bravo.connect(id)]);
  const links = new Links([speaker, listener]);
  const talk = await converse(speaker, listener, seconds * 1000);
  const checks = [clockCheck(talk), talkCheck(talk), links.check()];
  for (const check of checks) await tell(check);
  const resumed = await resume(speaker, listener, bravo);
  await tell(resumed);
  await Promise.all([alpha.disconnect(id), bravo.disconnect(id)]);
  return [...checks, resumed].every(({ isGood }) => isGood);
}

interface Talk {
  readonly sent: number;
  /** Milliseconds from the call to the listener, ascending. */
  readonly delays: readonly number[];
  /** Milliseconds the hub's clock is ahead of ours. */
  readonly skew: number;
}

/** One message after the other, each waited for. */
async function converse(speaker: ChannelClient, listener: ChannelClient, ms: number): Promise<Talk> {
  const heard = new Map<string, number>();
  listener.on("message", ({ client_msg_id = "" }) => heard.set(client_msg_id, performance.now()));
  const until = performance.now() + ms;
  const delays: number[] = [];
  let [sent, skew] = [0, 0];
  do {
    const client_msg_id = `doctor-${++sent}`;
    const [begun, clock] = [performance.now(), Date.now()];
    const { message } = await speaker.send(`${sent}`, { client_msg_id });
    skew = Date.parse(message.timestamp) - (clock + Date.now()) / 2;
    while (!heard.has(client_msg_id) && performance.now() - begun < LATE_MS) await sleep(1);
    const at = heard.get(client_msg_id);
    if (at !== undefined) delays.push(at - begun);
    await sleep(PAUSE_MS);
  } while (performance.now() < until);
  return { sent, delays: delays.toSorted((a, b) => a - b), skew };
}

function clockCheck({ skew }: Talk): Check {
  const isGood = Math.abs(skew) < SKEW_MS;
  const says = `the clocks are ${(Math.abs(skew) / 1000).toFixed(1)} s apart`;
  return { name: "clock", isGood, says: isGood ? says : `${says}; set yours, or signed requests are refused` };
}

function talkCheck({ sent, delays }: Talk): Check {
  const [middle = 0, worst = 0] = [delays[Math.floor(delays.length / 2)], delays.at(-1)];
  const isGood = delays.length === sent;
  const says = `${delays.length} of ${sent} messages arrived in time; median ${Math.round(middle)} ms, worst ${Math.round(worst)} ms`;
  return { name: "talk", isGood, says };
}

/** Counts the links that broke. */
class Links {
  #broken = 0;
  #why = "";

  constructor(channels: readonly ChannelClient[]) {
    for (const channel of channels) {
      channel.on("state", ({ state, reason }) => {
        if (state === "disconnected" || state === "closed") [this.#broken, this.#why] = [this.#broken + 1, reason];
      });
    }
  }

  check(): Check {
    if (this.#broken === 0) return { name: "link", isGood: true, says: "no link broke" };
    const says = `${this.#broken} links broke (${this.#why}); what stands between here and the hub drops them`;
    return { name: "link", isGood: false, says };
  }
}

/** Leaves, misses something, and comes back for it. */
async function resume(speaker: ChannelClient, listener: ChannelClient, bravo: HubClient): Promise<Check> {
  const { position } = listener;
  await bravo.disconnect(listener.id);
  for (let n = 1; n <= MISSED; n++) await speaker.send(`missed ${n}`);
  const options = position && { after: position.seq, ...(position.epoch !== undefined && { epoch: position.epoch }) };
  const again = await bravo.connect(listener.id, options);
  const texts = again.drain().messages.map(({ text }: Message) => text);
  const isGood = texts.join() === Array.from({ length: MISSED }, (_, at) => `missed ${at + 1}`).join();
  return { name: "resume", isGood, says: `${isGood ? "all" : "not all"} that was missed came after connecting again` };
}
