/** How `mcp` wakes the session of the host that started it, whichever ways that host has. */
import { Memory } from "../../tool/index.ts";
import type { Session } from "../session.ts";
import { Desk } from "../wake/desk.ts";
import { claudeWay } from "./claude.ts";
import { codexWay } from "./codex.ts";
import { Waker, type Way } from "./waker.ts";

interface Served {
  readonly memory: Memory;
  readonly watcher: Waker;
  /** Of a host that can be woken at any time. */
  readonly claude: ReturnType<typeof claudeWay>;
}

/** `attend`: from here on the session is to hear. */
export function wakes({ agent, hub, world }: Session, log: (line: string) => void, attend: () => void): Served {
  // An answer reaches the host unless it cancels the call, so none is shown twice.
  const memory = new Memory(false);
  const desk = new Desk(world.env, hub.api.url, agent.key);
  const claude = claudeWay();
  const wayOf = (meta: Readonly<Record<string, unknown>> | undefined): Way | undefined => {
    const way = codexWay(meta);
    // Whatever was called: from here on it can be woken, so it is to hear.
    if (way !== undefined) attend();
    return way;
  };
  return { memory, claude, watcher: new Waker({ hub, key: agent.key, desk, memory, log, way: claude?.way, wayOf }) };
}
