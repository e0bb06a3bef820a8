/**
 * Those who wait for the first frame of a channel: each as long as it wants, and none at the cost of
 * another. When the last of them has left, the connection has nobody to connect for.
 */
import type { StateChange } from "./connection-state.ts";
import { type Failure, failure, HubError } from "./hub-error.ts";
import type { Host, Signal } from "./host.ts";

/** Milliseconds for which a first connect is tried again when nothing else is said. */
const WAIT_MS = 30_000;

/** How a caller waits. */
export interface Waiting {
  /** Ends this caller's wait; a connection that others wait for or have goes on. */
  readonly signal?: Signal;
  /**
   * Milliseconds for which a first connect is tried again while the hub cannot be reached, says
   * "later", or something else answers in its place: 30 000 if not given; `Infinity`: for ever; 0: one try.
   */
  readonly wait_ms?: number;
  /** Hears each change of state while `connect` waits, with what was seen. */
  readonly notice?: (change: StateChange) => void;
}

interface Waiter {
  /** By the host's timer clock. */
  readonly until: number;
  readonly notice: Waiting["notice"];
  leave(why?: Failure): void;
}

export class FirstConnect {
  readonly #host: Host;
  /** Milliseconds that one attempt may take. */
  readonly #open_ms: number;
  readonly #abandon: (why: Failure) => void;
  readonly #waiters: Set<Waiter> = new Set();
  #outcome: { readonly why?: Failure } | undefined;
  /** Why the last attempt failed. */
  #trouble: Failure | undefined;

  constructor(host: Host, open_ms: number, abandon: (why: Failure) => void) {
    this.#host = host;
    this.#open_ms = open_ms;
    this.#abandon = abandon;
  }

  /** Resolves with the first frame; rejects with why there will be none, or none in time. */
  async wait({ signal, wait_ms = WAIT_MS, notice }: Waiting): Promise<void> {
    const why = this.#outcome === undefined ? await this.#enter(wait_ms, signal, notice) : this.#outcome.why;
    if (why !== undefined) throw new HubError(why);
  }

  changed(change: StateChange): void {
    for (const { notice } of this.#waiters) this.#host.after(0, () => notice?.(change));
  }

  /** An attempt failed; the next one comes in `retry_ms`. */
  troubled(why: Failure, retry_ms: number): void {
    this.#trouble = why;
    const next = this.#host.uptime() + retry_ms;
    for (const waiter of this.#waiters) if (next > waiter.until) waiter.leave(why);
  }

  /** The first frame came, or there will be none. */
  settle(why?: Failure): void {
    this.#outcome ??= why === undefined ? {} : { why };
    for (const waiter of this.#waiters) waiter.leave(why);
  }

  #enter(wait_ms: number, signal: Signal | undefined, notice: Waiting["notice"]): Promise<Failure | undefined> {
    return new Promise((resolve) => {
      const abort = (): void => leave(failure("disconnected", "the connect was aborted"));
      const patience = Math.max(wait_ms, this.#open_ms);
      const late = (): void => leave(this.#trouble ?? silence(patience));
      const cancel = patience === Infinity ? () => undefined : this.#host.after(patience, late);
      const leave = (why?: Failure): void => {
        cancel();
        signal?.removeEventListener("abort", abort);
        this.#waiters.delete(waiter);
        resolve(why);
        if (this.#waiters.size === 0 && this.#outcome === undefined && why !== undefined) this.#abandon(why);
      };
      const waiter = { until: this.#host.uptime() + wait_ms, notice, leave };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", abort);
      if (signal?.aborted === true) abort();
    });
  }
}

function silence(ms: number): Failure {
  return failure("network", `the hub gave no first frame within ${ms / 1000} s`);
}
