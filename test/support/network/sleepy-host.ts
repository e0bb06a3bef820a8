/**
 * A machine that sleeps for a moment and wakes minutes later: nothing runs, nothing is heard, one of
 * its clocks stands still and the other goes on. In truth what happens meanwhile waits for the end.
 */
import { type Host, thisHost } from "../../../src/client/index.ts";

export class SleepyHost {
  readonly #world: Host = thisHost();
  /** What people's clock is ahead of the true one, milliseconds. */
  #ahead = 0;
  /** For how long it has slept in all, milliseconds. */
  #slept = 0;
  /** Set while it sleeps. */
  #since: number | undefined;
  readonly #waiting: (() => void)[] = [];

  get isAsleep(): boolean {
    return this.#since !== undefined;
  }

  readonly host: Host = {
    ...this.#world,
    now: () => this.#world.now() + this.#ahead,
    uptime: () => (this.#since ?? this.#world.uptime()) - this.#slept,
    after: (ms, run) => this.#after(ms, run),
    fetch: async (request) => {
      const [answer] = await Promise.allSettled([this.#world.fetch(request)]);
      await this.#awake();
      if (answer.status === "rejected") throw answer.reason;
      return answer.value;
    },
    open: (request, events) =>
      this.#world.open(request, {
        opened: () => this.#run(() => events.opened()),
        text: (data) => this.#run(() => events.text(data)),
        closed: (code, reason) => this.#run(() => events.closed(code, reason)),
        refused: (answer) => this.#run(() => events.refused(answer)),
      }),
  };

  sleep(): void {
    this.#since = this.#world.uptime();
  }

  /** It finds that `ms` have passed. */
  wake(ms: number): void {
    if (this.#since === undefined) return;
    this.#slept += this.#world.uptime() - this.#since;
    this.#since = undefined;
    this.#ahead += ms;
    for (const run of this.#waiting.splice(0)) run();
  }

  #after(ms: number, run: () => void): () => void {
    let isOff = false;
    const cancel = this.#world.after(ms, () => this.#run(() => isOff || run()));
    return () => {
      isOff = true;
      cancel();
    };
  }

  #run(run: () => void): void {
    if (this.isAsleep) this.#waiting.push(run);
    else run();
  }

  async #awake(): Promise<void> {
    if (this.isAsleep) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
