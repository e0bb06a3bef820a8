/**
 * Group commit by event-loop tick (DUR2). An arrival in a quiet moment is flushed at once; those
 * that follow it within the tick are queued and flushed together at its end. The flush is one
 * synchronous turn that takes them in order: runs of commands are decided, stored and delivered
 * together, and whatever must see a settled channel (connect, history, summary) runs between them.
 */
import type { Arrival } from "../../channel/index.ts";
import type { Announcer } from "./announcer.ts";

interface Step {
  /** Whether `list` could show what it changes; asked when its turn has come. */
  readonly isVisible: () => boolean;
  readonly run: () => void;
}

type Work = { readonly arrival: Arrival } | { readonly arrival?: undefined; readonly step: Step };

/** What one turn takes: as many commands as share a row. More would keep everybody else waiting. */
const TURN_WORK = 64;

export class Turns {
  readonly #announcer: Announcer;
  readonly #commit: (arrivals: readonly Arrival[]) => void;
  readonly #mayShow: (arrival: Arrival) => boolean;
  readonly #queue: Work[] = [];
  #isTicking = false;
  #isWaiting = false;
  #isFlushing = false;

  /** `commit` decides, stores and delivers; it never throws. `mayShow`: whether `list` could show what comes of a command. */
  constructor(
    announcer: Announcer,
    commit: (arrivals: readonly Arrival[]) => void,
    mayShow: (arrival: Arrival) => boolean,
  ) {
    this.#announcer = announcer;
    this.#commit = commit;
    this.#mayShow = mayShow;
  }

  /** Takes a command: at once, or with the others of its tick. */
  arrive(arrival: Arrival): void {
    this.#queue.push({ arrival });
    if (this.#isTicking) return;
    // A read position is in no hurry: with others of its tick it costs one row.
    if (arrival.command.action !== "read") this.flush();
    this.#tick();
  }

  /** The only timer of an object at work. The runtime makes it a millisecond or two, which a lone message need not wait. */
  #tick(): void {
    this.#isTicking = true;
    setTimeout(() => {
      this.#isTicking = false;
      if (this.#queue.length === 0 || this.#isWaiting) return;
      this.flush();
      this.#tick();
    }, 0);
  }

  /** Runs `step` in its place among what has arrived: at once, unless a change waits for the index. */
  inOrder<T>(step: () => T, isVisible = NEVER): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(step());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#queue.push({ step: { isVisible, run } });
      this.flush();
    });
  }

  /** Takes what arrived, up to what a turn may; the next tick goes on. No await here: a turn is never interleaved. */
  flush(): void {
    if (this.#isWaiting || this.#isFlushing) return;
    const isVisible = this.#queue.some((work) => this.#isVisible(work));
    if (isVisible && this.#announcer.mustWait) return void this.#announceFirst();
    if (isVisible) this.#announcer.remind();
    this.#isFlushing = true;
    this.#take(this.#queue.splice(0, TURN_WORK));
    this.#isFlushing = false;
    if (this.#queue.length > 0 && !this.#isTicking) this.#tick();
  }

  /** Never throws: steps keep their exceptions. */
  #take(work: readonly Work[]): void {
    let arrivals: Arrival[] = [];
    for (const one of work) {
      if (one.arrival !== undefined) arrivals.push(one.arrival);
      else {
        this.#commitAll(arrivals);
        arrivals = [];
        one.step.run();
      }
    }
    this.#commitAll(arrivals);
  }

  #commitAll(arrivals: readonly Arrival[]): void {
    if (arrivals.length > 0) this.#commit(arrivals);
  }

  #isVisible(work: Work): boolean {
    return work.arrival === undefined ? work.step.isVisible() : this.#mayShow(work.arrival);
  }

  async #announceFirst(): Promise<void> {
    this.#isWaiting = true;
    await this.#announcer.announce();
    this.#isWaiting = false;
    this.flush();
  }
}

const NEVER = (): boolean => false;
