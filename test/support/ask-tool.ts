/** Calls of the tool in a test: arguments in, the text out. */
import { callTool, type Agent, type CallContext, Memory } from "../../src/tool/index.ts";
import type { MemoryHub } from "./memory-hub.ts";

export type Ask = (args: unknown, context?: Partial<CallContext>) => Promise<string>;

/** One agent's way to call; without an agent, somebody nobody knows. `isLive`: over a connection. */
export function asking(hub: MemoryHub, agent?: Agent, isLive = false): Ask {
  const port = hub.port(agent, isLive);
  const own = new Memory(false);
  const memory = (somebody: Agent): Memory => (isLive ? own : hub.memory(somebody));
  return async (args, context = {}) => {
    const { text, isError } = await callTool(port, args, { now: hub.now, memory, ...context });
    if (isError !== text.startsWith("Error ")) throw new Error(`isError is ${isError}: ${text}`);
    return text;
  };
}

export const ALPHA: Agent = { key: "alpha", name: "ALPHA" };

/** The call in an answer's last line. */
export function nextOf(text: string): Readonly<Record<string, unknown>> {
  const [, call] = /\n?Next: (\{.*\})$/.exec(text) ?? [];
  if (call === undefined) throw new Error(`no next call in: ${text}`);
  return JSON.parse(call) as Readonly<Record<string, unknown>>;
}
