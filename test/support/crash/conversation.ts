/**
 * A conversation of the restore rig: one who speaks in it, one who reads on from a position, and all
 * that they were told. Every text names its conversation, so that a foreign one is seen at once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, call } from "../process/agent.ts";
import type { Message } from "../../../src/protocol/index.ts";

const PAUSE_MS = 5;

interface Acked {
  readonly epoch: string;
  readonly seq: number;
  readonly text: string;
}

export class Conversation {
  readonly name: string;
  readonly id: string;
  /** Told by the hub, and not undone by the owner since. */
  isDeleted = false;
  /** A restore went back to before it was made. */
  isGone = false;
  acked_count = 0;
  /** Times that the reader was told of a gap. */
  gaps = 0;
  readonly #blame: (detail: string) => void;
  readonly #acked: Acked[] = [];
  /** By epoch and seq: what anybody was ever shown. */
  readonly #shown: Map<string, string> = new Map();
  #position: { epoch: string; seq: number } | undefined;
  #sent = 0;

  constructor(name: string, id: string, blame: (detail: string) => void) {
    this.name = name;
    this.id = id;
    this.#blame = blame;
  }

  get number(): number {
    return Number(this.id.slice("ch-".length));
  }

  get isLive(): boolean {
    return !this.isDeleted && !this.isGone;
  }

  /** Speaks and reads until the hub is gone. */
  async run(url: string): Promise<void> {
    while (this.isLive && (await this.read(url)) && (await this.speak(url))) await sleep(PAUSE_MS);
  }

  /** False: the hub is gone. */
  async speak(url: string): Promise<boolean> {
    const text = `${this.name}: ${++this.#sent}`;
    const body = { channel_id: this.id, key: this.name, text, client_msg_id: `m-${this.#sent}` };
    const answer = await call(url, "/api/channel/send", { body }).catch(() => undefined);
    if (answer?.body.ok !== true) return answer !== undefined;
    // Its reader has just read, and an epoch changes only while the hub is down.
    this.#acked.push({ epoch: this.#position?.epoch ?? "", seq: answer.body.message.seq, text });
    this.acked_count++;
    return true;
  }

  /** Reads on from where it was. False: the hub is gone. */
  async read(url: string): Promise<boolean> {
    const at = this.#position;
    const from = at === undefined ? "after=0" : `after=${at.seq}&epoch=${at.epoch}`;
    const answer = await this.#history(url, from);
    if (answer === undefined) return false;
    if (answer.status === 200) this.#take(answer.body.messages, answer.body.meta);
    return true;
  }

  #take(messages: readonly Message[], meta: { epoch: string; gap: { reason: string } | null; last_seq: number }): void {
    this.#look(messages, meta.epoch);
    const at = this.#position;
    const seqs = messages.map(({ seq }) => seq);
    if (meta.gap !== null) this.gaps++;
    if (at !== undefined && at.epoch !== meta.epoch && meta.gap === null)
      this.#blame(`${this.#who}: the epoch changed and its reader at ${at.seq} is told no gap`);
    const isHole = at !== undefined && meta.gap === null && seqs.some((seq, index) => seq !== at.seq + 1 + index);
    if (isHole) this.#blame(`${this.#who}: after ${at.seq} its reader gets ${seqs.join(", ")}`);
    this.#position = { epoch: meta.epoch, seq: seqs.at(-1) ?? (meta.gap === null ? (at?.seq ?? 0) : meta.last_seq) };
  }

  /** All that is kept, beside what was acknowledged and shown in the same epoch. */
  async audit(url: string): Promise<void> {
    const answer = await this.#history(url, "after=0&limit=1000");
    if (!this.isLive) return this.#auditEnded(answer);
    if (answer?.status !== 200) return this.#blame(`${this.#who} answers ${answer?.status} ${answer?.body.code}`);
    const { messages, meta } = answer.body as { messages: Message[]; meta: { epoch: string; first_seq: number } };
    this.#look(messages, meta.epoch);
    const texts = new Map(messages.map(({ seq, text }) => [seq, text]));
    for (const { epoch, seq, text } of this.#acked) {
      if (epoch === meta.epoch && seq >= meta.first_seq && texts.get(seq) !== text)
        this.#blame(
          `${this.#who}: ${seq} "${text}" was acknowledged in epoch ${epoch}, which shows "${texts.get(seq)}"`,
        );
    }
  }

  /** Nothing of it is left. An index that was lost may give its number to another, of which its agents were told the end. */
  #auditEnded(answer: Answer | undefined): void {
    const shown = answer?.status === 200 ? JSON.stringify(answer.body.messages) : "";
    if (shown.includes(`${this.name}: `)) this.#blame(`${this.#who} has ended and is still shown`);
    // 503: what is left of it is damaged.
    if (![200, 404, 410, 503].includes(answer?.status ?? 0))
      this.#blame(`${this.#who} has ended and answers ${answer?.status}`);
  }

  /** Nothing foreign, and at one place of an epoch one message, for ever. */
  #look(messages: readonly Message[], epoch: string): void {
    for (const { id, seq, text, event } of messages) {
      const isOwn = event === undefined ? text.startsWith(`${this.name}: `) : text.includes(this.name);
      if (!isOwn) this.#blame(`${this.#who} shows another's message: ${text}`);
      const place = `${epoch} ${seq}`;
      const before = this.#shown.get(place);
      if (before !== undefined && before !== id) this.#blame(`${this.#who}: ${place} was ${before}, is ${id}`);
      this.#shown.set(place, id);
    }
  }

  /** Whatever it is called now, these words are no one else's to read. */
  get #who(): string {
    return `${this.id} (${this.name})`;
  }

  async #history(url: string, query: string): Promise<Answer | undefined> {
    return await call(url, `/api/channel/${this.id}/history?limit=1000&${query}`).catch(() => undefined);
  }
}
