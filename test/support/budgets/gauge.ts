/**
 * What a hub's process has at a moment: memory by the system's count and by the inspector's, the
 * longest turns by its own clock, and how long another member waited meanwhile.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { WebSocket } from "ws";
import type { Patch } from "../process/build.ts";
import type { HubProcess } from "../process/hub-process.ts";

const MIB = 1024 * 1024;
const ENTER_MS = 100;

/** A build that says how long its turns are: of the queue, of those who wait, and of the index. */
export const TELLING_TURNS: readonly Patch[] = [
  {
    file: "channel-object/turns.ts",
    find: "this.#take(this.#queue.splice(0, TURN_WORK));",
    replace: 'const a = Date.now(); this.#take(this.#queue.splice(0, TURN_WORK)); console.log("turn", Date.now() - a);',
  },
  {
    file: "channel-object/listeners.ts",
    find: "    const pages: Pages = new Map();\n    let [answers, bytes] = [0, 0];",
    replace:
      '    const a = Date.now(); queueMicrotask(() => console.log("turn", Date.now() - a));\n    const pages: Pages = new Map();\n    let [answers, bytes] = [0, 0];',
  },
];

/** Milliseconds of the turns since the last look, longest last. */
export function turnsOf(hub: HubProcess): readonly number[] {
  const turns = [...hub.output.matchAll(/^turn (\d+)$/gm)].map(([, ms]) => Number(ms));
  hub.output = "";
  return turns.toSorted((a, b) => a - b);
}

/** MiB of memory that the process has now, and has had at most since `forgetPeak`. */
export function memoryOf({ pid }: HubProcess): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  return { now: kib("VmRSS") / 1024, peak: kib("VmHWM") / 1024 };
}

export function forgetPeak({ pid }: HubProcess): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** MiB of the isolate's heap, after its garbage was collected. */
export async function heapOf({ url }: HubProcess, inspector: number): Promise<number> {
  const [target] = (await (await fetch(`http://127.0.0.1:${inspector}/json`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? "");
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const ask = async (id: number, method: string): Promise<{ usedSize: number }> => {
    const answered = new Promise<{ usedSize: number }>((resolve) => {
      socket.on("message", (data: Buffer) => {
        const said = JSON.parse(data.toString()) as { id?: number; result: { usedSize: number } };
        if (said.id === id) resolve(said.result);
      });
    });
    socket.send(JSON.stringify({ id, method }));
    // An isolate that is idle answers when it is entered again.
    const entering = setInterval(() => void fetch(`${url}/health`).catch(() => undefined), ENTER_MS);
    return await answered.finally(() => clearInterval(entering));
  };
  await ask(1, "HeapProfiler.collectGarbage");
  const { usedSize } = await ask(2, "Runtime.getHeapUsage");
  socket.terminate();
  return usedSize / MIB;
}

export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
