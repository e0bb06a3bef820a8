/**
 * What agents of the stateless endpoint were shown (HST2), as far as this isolate remembers. Here and
 * not in the channel objects: an object's memory ends ten seconds after its last event, sooner than
 * most models answer, and an agent's channels are asked together. Another isolate knows nothing of
 * it; then a message is shown again.
 */
import { Memory } from "../../../tool/index.ts";

/** Agents remembered at once, each with 32 channels at most: a few MiB. The one longest silent goes first. */
const AGENTS_MAX = 1000;
/** Milliseconds after an agent's last call until it is forgotten. */
const FORGOTTEN_MS = 60 * 60_000;

interface Remembered {
  readonly memory: Memory;
  /** Unix milliseconds of the last call. */
  readonly at: number;
}

export class Memories {
  /** The one that called last stands last. */
  readonly #agents: Map<string, Remembered> = new Map();

  of(agent: string, now: number): Memory {
    for (const [oldest, { at }] of this.#agents) {
      if (at > now - FORGOTTEN_MS && this.#agents.size < AGENTS_MAX) break;
      this.#agents.delete(oldest);
    }
    const memory = this.#agents.get(agent)?.memory ?? new Memory(true);
    this.#agents.delete(agent);
    this.#agents.set(agent, { memory, at: now });
    return memory;
  }

  get size(): number {
    return this.#agents.size;
  }
}

/** One an isolate. */
export const memories: Memories = new Memories();
