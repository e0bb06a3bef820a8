/** Loading of older messages, one request at a time; who asks for more meanwhile is served by what loads already. */
import { type Signal, signal } from "@preact/signals";

/** Messages of a page of history, and of one on the way down to a message. */
const PAGE = 100;
const LARGE_PAGE = 1000;

export interface OlderPort {
  /** Loads the page before the oldest that is there. */
  readonly loadPage: (limit: number) => Promise<void>;
  /** Whether everything down to this number is there, or nothing older is. */
  readonly reaches: (seq: number) => boolean;
}

export class Older {
  readonly isLoading: Signal<boolean> = signal(false);
  readonly #port: OlderPort;
  #loading: Promise<void> | undefined;
  /** How far down; Infinity: a page will do. */
  #down_to = Infinity;

  constructor(port: OlderPort) {
    this.#port = port;
  }

  /** Loads a page, or all down to a number. */
  async load(down_to = Infinity): Promise<void> {
    this.#down_to = Math.min(this.#down_to, down_to);
    this.#loading ??= this.#load();
    return await this.#loading;
  }

  async #load(): Promise<void> {
    this.isLoading.value = true;
    try {
      do await this.#port.loadPage(this.#down_to === Infinity ? PAGE : LARGE_PAGE);
      while (this.#down_to !== Infinity && !this.#port.reaches(this.#down_to));
    } finally {
      this.isLoading.value = false;
      this.#down_to = Infinity;
      this.#loading = undefined;
    }
  }
}
