/** A socket whose frames are taken one by one; real processes and the test runtime each bring their own. */

/** A body or frame as it came: tests look at what they expect in it. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers of the hub are asserted, not typed
export type Json = any;

export abstract class FrameSocket {
  /** Frames not yet taken. */
  readonly inbox: Json[] = [];
  /** Set when the socket has closed. */
  closed: { code: number; reason: string } | undefined;
  /** Milliseconds in which what is on its way arrives. */
  readonly #moment: number;
  #wake: () => void = () => undefined;

  protected constructor(moment: number) {
    this.#moment = moment;
  }

  abstract say(command: unknown): void;

  protected heard(text: string): void {
    this.inbox.push(text === "pong" ? text : JSON.parse(text));
    this.#wake();
  }

  protected ended(code: number, reason: string): void {
    this.closed = { code, reason };
    this.#wake();
  }

  /** The next frame. */
  async next(): Promise<Json> {
    await this.#until(() => this.inbox.length > 0);
    return this.inbox.shift();
  }

  /** Says something and takes the next frame. */
  ask(command: unknown): Promise<Json> {
    this.say(command);
    return this.next();
  }

  /** The next `count` frames, and whatever follows them within a moment: nothing should. */
  async take(count: number): Promise<Json[]> {
    const frames: Json[] = [];
    while (frames.length < count) frames.push(await this.next());
    return [...frames, ...(await this.quiet())];
  }

  /** All frames up to the first that `isLast`. */
  async takeUntil(isLast: (frame: Json) => boolean): Promise<Json[]> {
    const frames: Json[] = [];
    do frames.push(await this.next());
    while (!isLast(frames.at(-1)));
    return frames;
  }

  /** Frames that came within a moment; for showing that nothing comes. */
  async quiet(ms: number = this.#moment): Promise<Json[]> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.inbox.splice(0);
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await this.#until(() => this.closed !== undefined);
    return this.closed ?? { code: 0, reason: "" };
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.closed !== undefined) throw new Error(`closed with ${this.closed.code} ${this.closed.reason}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
