/** The servers of this repository that are measured: the hub, the bare platform, the counted hub. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { HUB_KEY, HubProcess } from "../test/support/process/hub-process.ts";
import { buildWorker, ROOT } from "../test/support/process/build.ts";
import type { Load, Speech, Target } from "./load.ts";

/** Where servers keep their state: memory for the main figures, for production has no local disk in the path. */
export type Place = "memory" | "disk";
const PLACES: Readonly<Record<Place, string>> = { memory: "/dev/shm", disk: tmpdir() };

export const KEY_HEADER = `x-spf-key: ${HUB_KEY}\r\n`;

/** Everything that would stand in the way of a benchmark is off. */
const UNLIMITED = {
  HUB_RATE_PER_SECOND: "0",
  HUB_RATE_BURST: "0",
  HUB_CREATES_PER_MINUTE: "0",
  HUB_MAX_CHANNELS: "0",
  HUB_MAX_PARTICIPANTS: "0",
  HUB_MAX_SOCKETS: "0",
  HUB_LOOP_GUARD: "0",
};

export async function directoryIn(place: Place): Promise<string> {
  return await mkdtemp(join(PLACES[place], "channel-hub-bench-"));
}

/** Bundles one of `workers/`, or a peer's worker. */
export async function bundle(entry: string, outfile: string, minify = false): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify,
    format: "esm",
    target: "esnext",
    external: ["cloudflare:workers"],
    conditions: ["workerd", "worker", "browser"],
    logLevel: "error",
  });
}

export type WorkerName = "hub" | "bare" | "grouped" | "counted-hub";

/** Starts a worker under the bare runtime. */
export async function startWorker(worker: WorkerName | { readonly entry: string }, place: Place): Promise<HubProcess> {
  const directory = await directoryIn(place);
  const outfile = join(directory, "bundle.js");
  if (worker === "hub") await buildWorker(outfile);
  else await bundle(typeof worker === "string" ? join(ROOT, "bench/workers", `${worker}.ts`) : worker.entry, outfile);
  return await HubProcess.start({ worker: outfile, variables: UNLIMITED, directory });
}

export function pidsOf(server: HubProcess): number[] {
  if (server.pid === undefined) throw new Error("the server is gone");
  return [server.pid];
}

export type Frames = "single" | "batch";

/** How our client speaks to a hub. */
export function hubSpeech(frames: Frames, path = "/ws/channel/ch-{channel}"): Speech {
  const query = frames === "batch" ? "&frames=batch" : "";
  return {
    path: `${path}?key={key}&kind=agent${query}`,
    headers: KEY_HEADER,
    send: '{"action":"send","text":"{text}","client_msg_id":"{id}"}',
    seen: true,
  };
}

export const BARE_SPEECH: Speech = { path: "/ch-{channel}", send: '{"text":"{text}"}' };

export function target(server: HubProcess, speech: Speech): Target {
  return { port: server.port, pids: pidsOf(server), speech };
}

/** Asks a hub; anything but success is a broken bench. */
export async function ask(server: HubProcess, path: string, body?: object): Promise<Record<string, unknown>> {
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(server.url + path, { headers: { "x-spf-key": HUB_KEY }, ...sent });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** Makes a channel and joins everybody, so that connecting tells nobody anything. Gives its number. */
export async function makeChannel(server: HubProcess, members: number): Promise<number> {
  const { channel_id } = await ask(server, "/api/channel/create", { name: "bench", key: "a0" });
  const keys = Array.from({ length: members }, (_, at) => `a${at}`);
  while (keys.length > 0)
    await Promise.all(keys.splice(0, 32).map((key) => ask(server, "/api/channel/join", { channel_id, key })));
  return Number(String(channel_id).slice("ch-".length));
}

/** Sends until the ring is full: from then on a message takes the place of an old one. */
export async function fill(load: Load, server: HubProcess, channel: number, text = 200): Promise<void> {
  const work = { links: 2, publishers: 2, in_flight: 10, first: channel, text, warm: 0, measure: 60, messages: 1200 };
  await load.messages(target(server, hubSpeech("batch")), work);
}
