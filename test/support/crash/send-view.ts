/** What was asked of the hub, against what it says was asked (R11–R16, R20). */
import type { Message } from "../../../src/protocol/index.ts";
import type { Blame, HistoryEvent } from "./history.ts";
import { sendName } from "./log-view.ts";

type Ack = Extract<HistoryEvent, { type: "ack" }>;

interface Send {
  readonly text: string;
  /** Newest seq that anybody had seen before it was first made. */
  readonly floor: number;
  /** Place among all sends. */
  readonly order: number;
  /** What its first ack said. */
  first: Pick<Message, "seq" | "id"> | undefined;
  isRefused: boolean;
}

/** What is known of the invocation that an ack answers. */
export interface Invocation {
  /** Somebody had been shown its message before. */
  readonly wasSeen: boolean;
  /** It was made before, on whichever socket. */
  readonly isRepeated: boolean;
}

export class SendView {
  readonly #blame: Blame;
  readonly #sends: Map<string, Send> = new Map();

  constructor(blame: Blame) {
    this.#blame = blame;
  }

  /** A send is made or repeated, when everything up to `floor` had been seen by somebody. True: repeated. */
  invoke(key: string, { id, text }: { readonly id: string; readonly text: string }, floor: number): boolean {
    const known = this.#sends.get(sendName(key, id));
    if (known !== undefined) known.isRefused = false;
    else
      this.#sends.set(sendName(key, id), { text, floor, order: this.#sends.size, first: undefined, isRefused: false });
    return known !== undefined;
  }

  ack(key: string, { id, message, duplicate }: Ack, { wasSeen, isRepeated }: Invocation): void {
    const send = this.#sends.get(sendName(key, id));
    if (message.from !== key || message.client_msg_id !== id)
      this.#blame("R16", `${key}'s ${id} was acked with ${JSON.stringify(message)}`);
    if (send === undefined) return;
    const { first } = send;
    if (first !== undefined && (first.seq !== message.seq || first.id !== message.id)) {
      this.#blame("R11", `${key}'s ${id} was acked as ${first.seq}, then as ${message.seq}`);
    }
    if (!duplicate && (first !== undefined || wasSeen))
      this.#blame("R12", `${key}'s ${id} had taken effect and was acked as new`);
    if (duplicate && !isRepeated) this.#blame("R12", `${key}'s ${id} was sent once and acked as a duplicate`);
    send.first ??= { seq: message.seq, id: message.id };
  }

  refuse(key: string, id: string, seq: number | undefined): void {
    const send = this.#sends.get(sendName(key, id));
    if (send !== undefined) send.isRefused = true;
    if (seq !== undefined) this.#blame("R20", `${key}'s ${id} was refused and stands at ${seq}`);
  }

  /** Judges the first sighting of a message. */
  see({ seq, from, text, msg_type, client_msg_id }: Message): void {
    if (msg_type === "system") return;
    const send = this.#sends.get(sendName(from, client_msg_id ?? ""));
    if (send === undefined) return this.#blame("R15", `nobody sent ${seq}: ${from}'s ${client_msg_id}`);
    if (send.text !== text) this.#blame("R16", `${seq}: ${from} sent ${send.text}, not ${text}`);
    if (send.isRefused) this.#blame("R20", `${from}'s ${client_msg_id} was refused and stands at ${seq}`);
    if (seq <= send.floor) this.#blame("R13", `${seq} was sent after ${send.floor} had been seen`);
  }

  /** Holds for keys that have one socket at a time and repeat what is unanswered before anything new. */
  checkOrder(inLog: Iterable<{ readonly seq: number; readonly from: string; readonly id: string }>): void {
    const newest = new Map<string, number>();
    for (const { seq, from, id } of inLog) {
      const order = this.#sends.get(sendName(from, id))?.order ?? Infinity;
      if (order < (newest.get(from) ?? -1))
        this.#blame("R14", `${seq}: ${from}'s ${id} stands behind what ${from} sent later`);
      else newest.set(from, order);
    }
  }
}
