/**
 * Keeps the index's summary honest at the price of one call (IDX3). Before a channel that the index
 * holds for unchanged decides its first visible change, it says so and waits for the answer; from
 * then on it is dirty and says nothing, until `list` has fetched its summary.
 */
import type { Mark } from "./channel-store.ts";

/** How long a change waits for the index; then it proceeds, and the call is repeated beside later ones. */
const PATIENCE_MS = 2000;

export class Announcer {
  readonly #tellIndex: (change: number) => Promise<void>;
  #mark: Mark = { dirty: false, change: 0 };
  #isUnsaved = false;
  #call: Promise<void> | undefined;
  /** True while the index did not answer the last call. */
  #isIndexSilent = false;

  constructor(tellIndex: (change: number) => Promise<void>) {
    this.#tellIndex = tellIndex;
  }

  /** Takes the mark over from storage. */
  restore(mark: Mark): void {
    this.#mark = mark;
    this.#isUnsaved = false;
  }

  /** Whether a visible change must wait for `announce` first. */
  get mustWait(): boolean {
    return !this.#mark.dirty && !this.#isIndexSilent;
  }

  /** The mark, where storage does not have it yet. */
  get unsaved(): Mark | undefined {
    return this.#isUnsaved ? this.#mark : undefined;
  }

  saved(): void {
    this.#isUnsaved = false;
  }

  /** Tells the index, and returns when it knows or when patience is over. Never throws. */
  async announce(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#isIndexSilent = true;
        resolve();
      }, PATIENCE_MS);
    });
    await Promise.race([this.#tell(), patience]);
    clearTimeout(timer);
  }

  /** Repeats a call that got no answer, beside the work that went on without it. */
  remind(): void {
    if (this.#isIndexSilent && this.#call === undefined) void this.#tell();
  }

  /**
   * `list` fetches the summary: the index knows everything up to now. `known` is the newest change
   * number it has heard. Gives the number that the summary stands for, or undefined while a change
   * is being announced: then the summary is true now, and about not to be.
   */
  clean(known: number): number | undefined {
    if (this.#call !== undefined) return undefined;
    this.#mark = { dirty: false, change: Math.max(this.#mark.change, known) };
    this.#isUnsaved = true;
    return this.#mark.change;
  }

  #tell(): Promise<void> {
    this.#call ??= this.#tellOnce().finally(() => {
      this.#call = undefined;
    });
    return this.#call;
  }

  async #tellOnce(): Promise<void> {
    try {
      const change = this.#mark.change + 1;
      await this.#tellIndex(change);
      this.#mark = { dirty: true, change };
      this.#isUnsaved = true;
      this.#isIndexSilent = false;
    } catch (error) {
      this.#isIndexSilent = true;
      console.warn(JSON.stringify({ event: "index_silent", cause: String(error) }));
    }
  }
}
