/**
 * Starts the other hubs. Their packages live in `peers/`, installed when a bench first needs them;
 * servers of the system are used where they are installed.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { endWithUs } from "../test/support/process/hub-process.ts";
import { freePort } from "../test/support/process/ports.ts";
import type { Speech, Target } from "./load.ts";
import { directoryIn, pidsOf, startWorker } from "./servers.ts";

const PEERS = join(import.meta.dirname, "peers");
/** Only guards against hanging. */
const HANGING_MS = 20_000;

export interface Peer extends AsyncDisposable {
  readonly target: Target;
}

/** A peer, or why it is not there. */
export type Started = Peer | { readonly missing: string };

export async function installPeers(): Promise<void> {
  if (existsSync(join(PEERS, "node_modules"))) return;
  await promisify(execFile)("npm", ["ci", "--legacy-peer-deps", "--ignore-scripts"], { cwd: PEERS });
}

const JSON_SPEECH: Speech = { path: "/?key={key}", send: '{"action":"send","text":"{text}"}' };

export function wsHub(): Promise<Started> {
  return script("ws-hub.mjs", JSON_SPEECH);
}

export function socketIo(): Promise<Started> {
  return script("socket-io.mjs", {
    path: "/socket.io/?EIO=4&transport=websocket",
    hello: ["40"],
    send: '420["message","{text}"]',
  });
}

/** partyserver, in memory or keeping each message. */
export async function party(keeps: boolean): Promise<Started> {
  const worker = await startWorker({ entry: join(PEERS, "party.mjs") }, "memory");
  const speech = { ...JSON_SPEECH, path: keeps ? "/stored" : "/memory" };
  return {
    target: { port: worker.port, pids: pidsOf(worker), speech },
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}

export async function redisBridge(): Promise<Started> {
  const port = await freePort();
  const words = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const redis = await program("redis-server", words, port);
  if (redis === undefined) return { missing: "redis-server (apt-get install redis-server)" };
  const bridge_port = await freePort();
  const bridge = await serve(
    process.execPath,
    [join(PEERS, "redis-bridge.mjs"), String(bridge_port), String(port)],
    bridge_port,
  );
  return peerOf([bridge, redis], { port: bridge_port, speech: JSON_SPEECH });
}

/** Core NATS: every subscriber gets the bytes; the echo of its own message is the author's ack. */
export function natsCore(): Promise<Started> {
  return nats(false, {
    transport: "tcp",
    hello: ['CONNECT {"verbose":false,"pedantic":false,"echo":true}\r\nSUB plain 1\r\n'],
    send: "PUB plain {bytes}\r\n{text}\r\n",
  });
}

/** JetStream in files: the publisher waits for the PubAck. */
export function jetStream(): Promise<Started> {
  return nats(true, {
    transport: "tcp",
    hello: ['CONNECT {"verbose":false,"pedantic":false,"echo":false}\r\nSUB kept 1\r\nSUB ack.{link}.* 2\r\n'],
    send: "PUB kept ack.{link}.{ack} {bytes}\r\n{text}\r\n",
  });
}

async function nats(keeps: boolean, speech: Speech): Promise<Started> {
  const port = await freePort();
  const directory = await directoryIn("memory");
  const server = await program("nats-server", natsWords(port, directory), port);
  if (server === undefined) return { missing: "nats-server (apt-get install nats-server)" };
  if (keeps) await makeStream(port);
  const peer = peerOf([server], { port, speech });
  const end = async (): Promise<void> => {
    await peer[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  };
  return { target: peer.target, [Symbol.asyncDispose]: end };
}

function natsWords(port: number, directory: string): string[] {
  return ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", directory, "-l", join(directory, "log")];
}

/** A stream of the newest 1000 messages, in files. */
function makeStream(port: number): Promise<void> {
  const config = JSON.stringify({ name: "kept", subjects: ["kept"], storage: "file", max_msgs: 1000, discard: "old" });
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const request = `PUB $JS.API.STREAM.CREATE.kept made ${config.length}\r\n${config}\r\n`;
    socket.write(`CONNECT {"verbose":false}\r\nSUB made 1\r\n${request}`);
    let said = "";
    socket.on("error", reject);
    socket.on("data", (data) => {
      said += data.toString();
      if (!said.includes("MSG made")) return;
      socket.destroy();
      if (said.includes('"error"')) reject(new Error(said));
      else resolve();
    });
  });
}

async function script(file: string, speech: Speech): Promise<Peer> {
  const port = await freePort();
  const child = await serve(process.execPath, [join(PEERS, file), String(port)], port);
  return peerOf([child], { port, speech });
}

/** Undefined where the program is not installed. */
async function program(name: string, words: readonly string[], port: number): Promise<ChildProcess | undefined> {
  try {
    return await serve(name, words, port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Starts a process and returns when its port answers. */
async function serve(name: string, words: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(name, words, { stdio: ["ignore", "ignore", "inherit"] });
  endWithUs(child);
  let failed: Error | undefined;
  child.once("error", (error) => (failed = error));
  for (const end = Date.now() + HANGING_MS; Date.now() < end; await sleep(20)) {
    if (failed !== undefined) throw failed;
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    if (await answers(port)) return child;
  }
  child.kill("SIGKILL");
  throw new Error(`${name} does not answer on port ${port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function peerOf(processes: readonly ChildProcess[], { port, speech }: Pick<Target, "port" | "speech">): Peer {
  const pids = processes.flatMap(({ pid }) => pid ?? []);
  return { target: { port, pids, speech }, [Symbol.asyncDispose]: () => endAll(processes) };
}

async function endAll(processes: readonly ChildProcess[]): Promise<void> {
  for (const child of processes) {
    const gone = new Promise((done) => child.once("exit", done));
    child.kill();
    await gone;
  }
}
