/**
 * When the page asks for its list: when its person does something, comes back to it, or a socket
 * tells of news. Never by a clock alone, so a page that lies open costs its owner nothing. Asks that
 * find nothing new come ever more rarely.
 */

/** Between two asks, where the last one found something. */
const LEAST_MS = 8000;
/** The longest that a person who goes on doing something waits for what no socket tells. */
const MOST_MS = 128_000;
/** What a person at a page does. */
const SIGNS = ["pointerdown", "pointermove", "keydown", "focus", "visibilitychange"] as const;

export class Pace {
  /** Resolves with whether anything changed; never rejects. */
  readonly #ask: () => Promise<boolean>;
  readonly #onSign: () => void;
  #wait_ms = LEAST_MS;
  /** `performance.now()` of the last ask. */
  #asked_at = -Infinity;
  /** Settles with the last ask that was begun; never rejects. */
  #asking: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: () => Promise<boolean>) {
    this.#ask = ask;
    this.#onSign = () => {
      const isDue = performance.now() >= this.#asked_at + this.#wait_ms;
      if (!document.hidden && isDue && this.#asking === undefined) void this.askNow();
    };
    for (const sign of SIGNS) addEventListener(sign, this.#onSign, { capture: true, passive: true });
  }

  /** There is news: one ask follows it, soon. While the page is hidden, its person's return asks. */
  hint(): void {
    this.#wait_ms = LEAST_MS;
    if (document.hidden || this.#timer !== undefined) return;
    const due = Math.max(0, this.#asked_at + LEAST_MS - performance.now());
    this.#timer = setTimeout(() => void this.askNow(), due);
  }

  /** After an ask that is under way: its answer may be of before what led to this one. */
  async askNow(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const asking = (this.#asking ?? Promise.resolve()).then(() => this.#askOnce());
    this.#asking = asking;
    await asking;
    if (this.#asking === asking) this.#asking = undefined;
  }

  async #askOnce(): Promise<void> {
    this.#asked_at = performance.now();
    const isNew = await this.#ask();
    this.#wait_ms = isNew ? LEAST_MS : Math.min(2 * this.#wait_ms, MOST_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
    for (const sign of SIGNS) removeEventListener(sign, this.#onSign, { capture: true });
  }
}
