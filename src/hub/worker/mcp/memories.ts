/**
 * What agents of the stateless endpoint were shown (HST2), as far as this isolate remembers. Here and
 * not in the channel objects: an object's memory ends ten seconds after its last event, sooner than
 * most models answer, and an agent's channels are asked together. Another isolate knows nothing of
 * it; then a message is shown again.
 */
import { Memory } from "../../../tool/index.ts";

/** Agents remembered at once, each with 32 channels at most: a few MiB. */
const AGENTS_MAX = 1000;
/** Milliseconds after an agent's last call until it is forgotten. */
const FORGOTTEN_MS = 60 * 60_000;

interface Remembered {
  readonly memory: Memory;
  /** Names the hub key by which it calls. */
  readonly kid: string;
  /** Unix milliseconds of the last call. */
  readonly at: number;
  /** It called more than once: keys that are made up do so no more often than they must. */
  readonly isRegular: boolean;
}

export class Memories {
  /** The one that called last stands last. */
  readonly #agents: Map<string, Remembered> = new Map();

  of(agent: string, kid: string, now: number): Memory {
    for (const [oldest, { at }] of this.#agents) {
      if (at > now - FORGOTTEN_MS) break;
      this.#agents.delete(oldest);
    }
    const known = this.#agents.get(agent);
    if (known === undefined && this.#agents.size >= AGENTS_MAX) this.#agents.delete(this.#leastNeeded());
    const memory = known?.memory ?? new Memory(true);
    this.#agents.delete(agent);
    this.#agents.set(agent, { memory, kid, at: now, isRegular: known !== undefined });
    return memory;
  }

  get size(): number {
    return this.#agents.size;
  }

  /** Of the hub key that has most agents here, one that called but once, the longest silent first; else the longest silent. */
  #leastNeeded(): string {
    const counts = new Map<string, number>();
    for (const { kid } of this.#agents.values()) counts.set(kid, (counts.get(kid) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const own = [...this.#agents].filter(([, { kid }]) => counts.get(kid) === most);
    const [agent = ""] = own.find(([, { isRegular }]) => !isRegular) ?? own[0] ?? [];
    return agent;
  }
}

/** One an isolate. */
export const memories: Memories = new Memories();
