/** Who is a member at which position: plays the log's joins and leaves again (R22). */
import type { ChannelEvent } from "../../../src/protocol/index.ts";
import type { Blame } from "./history.ts";

/** A row of the log, as far as membership goes. */
interface Row {
  readonly from: string;
  readonly event: ChannelEvent | undefined;
}

export class MemberView {
  readonly #blame: Blame;
  readonly #members: Map<string, boolean> = new Map();
  /** Everything from the creation on is known, so whoever was not seen to join is no member. */
  #isWhole = false;

  constructor(blame: Blame) {
    this.#blame = blame;
  }

  /** Rows nobody saw: anybody may have come or gone. */
  skip(): void {
    this.#isWhole = false;
    this.#members.clear();
  }

  take(seq: number, { from, event }: Row): void {
    if (event !== undefined) return this.#move(seq, event);
    if (from !== "system" && this.#isMember(from) === false)
      this.#blame("R22", `${seq} is by ${from}, who is no member`);
  }

  #move(seq: number, { kind, key }: ChannelEvent): void {
    if (kind === "created") this.#isWhole = true;
    if (kind === "join" || kind === "created") {
      if (this.#isMember(key) === true) this.#blame("R22", `${seq}: ${key} is a member and joins`);
      this.#members.set(key, true);
    } else if (kind === "leave" || kind === "kick") {
      if (this.#isMember(key) === false) this.#blame("R22", `${seq}: ${key} is no member and leaves`);
      this.#members.set(key, false);
    }
  }

  #isMember(key: string): boolean | undefined {
    return this.#members.get(key) ?? (this.#isWhole ? false : undefined);
  }
}
