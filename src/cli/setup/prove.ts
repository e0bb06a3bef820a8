/**
 * Whether what was set up works: the server is started as its host will start it and asked for the
 * channel, and the host itself is asked for its servers. Both are bounded and end with this process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Check } from "../hosts/host.ts";

/** Milliseconds: a host may install something at its first start, and without a network try that for a minute. */
const MOST_MS = 150_000;
/** Milliseconds for a server to end when its host has gone. */
const END_MS = 5000;
/** Bytes of a host's output that are looked at. */
const OUTPUT_MOST = 1024 * 1024;

export interface Proof {
  readonly isGood: boolean;
  readonly says: string;
}

interface Where {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The host's own word. */
export async function askHost(program: string, { args, isGood }: Check, where: Where): Promise<Proof> {
  const line = [program, ...args].join(" ");
  const child = start([program, ...args], where);
  child.stdin?.end();
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (part: Buffer) => (output = (output + part.toString()).slice(-OUTPUT_MOST)));
  }
  const end = await endOf(child, MOST_MS);
  if (end === "late") return { isGood: false, says: `${line} did not end within ${MOST_MS / 1000} s` };
  // oxlint-disable-next-line no-control-regex -- colours of terminals
  const plain = output.replaceAll(/\u001B\[[0-9;]*m/g, "");
  if (isGood(plain)) return { isGood: true, says: `${line}: connected` };
  return { isGood: false, says: `${line} does not show the server hub as connected:\n${plain.trim()}` };
}

/** What the tool answers to `call`. */
export async function askServer(command: readonly string[], call: object, where: Where): Promise<Proof> {
  const child = start(command, where);
  let log = "";
  child.stderr?.on("data", (part: Buffer) => (log += part.toString()));
  const say = (message: object): void => void child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const answer = new Promise<Proof>((resolve) => {
    createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => {
      const { id, result, error } = JSON.parse(line) as Answer;
      if (id === 1) {
        say({ method: "notifications/initialized" });
        say({ id: 2, method: "tools/call", params: { name: "spf_channel", arguments: call } });
      }
      if (id !== 2) return;
      const text = result?.content?.[0]?.text ?? error?.message ?? "";
      resolve({ isGood: error === undefined && result?.isError !== true, says: text });
    });
  });
  say({ id: 1, method: "initialize", params: INITIALIZE });
  const ended = endOf(child, MOST_MS).then((how): Proof => {
    const why = how === "late" ? `did not answer within ${MOST_MS / 1000} s` : "ended";
    return { isGood: false, says: `it ${why}:\n${log.trim()}` };
  });
  const proof = await Promise.race([answer, ended]);
  child.stdin?.end();
  await endOf(child, END_MS);
  return proof;
}

const INITIALIZE = {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "channel-hub setup", version: "1" },
};

interface Answer {
  readonly id?: number;
  readonly result?: { readonly content?: readonly { readonly text?: string }[]; readonly isError?: boolean };
  readonly error?: { readonly message: string };
}

function start([program = "", ...args]: readonly string[], { folder, env }: Where): ChildProcess {
  const child = spawn(program, args, { cwd: folder, env, stdio: "pipe", shell: process.platform === "win32" });
  // A server that has ended reads nothing; how it ended is told by its end.
  child.stdin?.on("error", () => undefined);
  process.once("exit", () => child.kill("SIGKILL"));
  return child;
}

async function endOf(child: ChildProcess, ms: number): Promise<"ended" | "late"> {
  if (child.exitCode !== null || child.signalCode !== null) return "ended";
  return await new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve("late");
    }, ms);
    for (const event of ["close", "error"] as const) {
      child.once(event, () => {
        clearTimeout(timer);
        resolve("ended");
      });
    }
  });
}
