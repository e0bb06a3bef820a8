/**
 * The promises of an outbox: each command resolves to the hub's answer, is repeated until there is
 * one, and rejects when it is refused or has waited too long.
 */
import type { ErrorCode } from "../protocol/error.ts";
import type { ErrorFrame } from "../protocol/frame.ts";
import { FRAME_BYTES } from "../protocol/limits.ts";
import type { Message } from "../protocol/message.ts";
import { isLongerThan } from "../protocol/text.ts";
import { Alarm } from "./alarm.ts";
import type { Clock } from "./clock.ts";
import { type Failure, failure, HubError } from "./hub-error.ts";
import type { Host } from "./host.ts";
import { type Expired, GIVE_UP_MS, mayHaveHappened, OUTBOX, Outbox, OUTBOX_LENGTH } from "./outbox.ts";
import type { PlainFrame } from "./read-frame.ts";

/**
 * Refusals that pass by themselves: the command goes again. Not so the loop guard's, which an agent
 * must hear of.
 */
const PASSING: ReadonlySet<string> = new Set<ErrorCode>([
  "rate_limited",
  "storage_unavailable",
  "overloaded",
  "outcome_unknown",
  "internal",
]);
/** Those of them that do not say whether it happened. */
const UNSURE: ReadonlySet<string> = new Set<ErrorCode>(["outcome_unknown", "internal"]);
/** Milliseconds to wait where such a refusal does not say. */
const LATER_MS = 1000;

/** What a command is answered with. */
export type Answer = Exclude<PlainFrame, ErrorFrame>;

interface Waiting {
  /** Of a send. */
  readonly text: string | undefined;
  resolve(answer: Answer): void;
  reject(error: HubError): void;
}

export interface SenderPorts {
  readonly host: Host;
  readonly clock: Clock;
  /** Puts a frame on the wire. */
  say(text: string): void;
  isConnected(): boolean;
  /** Makes the link anew, so that the channel is read from the position on. */
  renew(why: Failure): void;
}

/** A command: `text` is what a send says. */
export interface Asked {
  readonly id: string;
  readonly frame: string;
  readonly text?: string;
}

export class Sender {
  readonly #ports: SenderPorts;
  readonly #outbox: Outbox = new Outbox();
  readonly #waiting: Map<string, Waiting> = new Map();
  readonly #alarm: Alarm;
  #end: Failure | undefined;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
    this.#alarm = new Alarm(ports.host, ports.clock, () => this.pump());
  }

  /** Sends a command; the hub's answer carries its `id`, as `client_msg_id` or `ref`. */
  ask({ id, frame, text }: Asked): Promise<Answer> {
    const refused = this.#whyNot(id, frame);
    if (refused !== undefined) return Promise.reject(new HubError(refused));
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { text, resolve, reject }));
    this.#outbox.add({ id, text: frame, isSend: text !== undefined }, this.#ports.clock.now());
    this.pump();
    return answer;
  }

  /** Puts on the wire what may go, and gives up what is too old. */
  pump(): void {
    const ports = this.#ports;
    const { clock } = ports;
    const now = clock.now();
    this.#giveUp(this.#outbox.expire(now, clock.woke_at), TOO_OLD);
    if (ports.isConnected() && this.#outbox.isStuck(now)) ports.renew(failure("network", `a command was ${TOO_OLD}`));
    if (ports.isConnected()) for (const text of this.#outbox.next(now)) ports.say(text);
    this.#alarm.set(this.#outbox.deadline(now, clock.woke_at));
  }

  /** An own message stands in the channel: if a send waits under its id, this is what became of it. */
  shown(data: Message): void {
    const id = data.client_msg_id ?? "";
    if (this.#waiting.get(id)?.text !== data.text || !this.#outbox.settle(id)) return;
    // As the hub answers a repeat (DUR3).
    const extras = { client_msg_id: id, duplicate: true, delivered: 0, offline: [], unresolved: [] };
    this.#take(id)?.resolve({ type: "ack", data, ...extras });
  }

  /** The channel was read to its end. */
  current(): void {
    this.#giveUp(this.#outbox.concludeOld(this.#ports.clock.now()), `${TOO_OLD}, and the channel does not hold it`);
    this.pump();
  }

  /** Something of the channel can never be read. */
  loseTrace(): void {
    this.#outbox.loseTrace();
  }

  answered(frame: PlainFrame): void {
    const { client_msg_id, ref } = frame as { readonly client_msg_id?: string; readonly ref?: string };
    const id = client_msg_id ?? ref ?? "";
    if (frame.type === "error") this.#refused(id, frame);
    else if (this.#outbox.settle(id)) this.#take(id)?.resolve(frame);
    this.pump();
  }

  rewind(): void {
    this.#outbox.rewind();
    this.pump();
  }

  /** Nothing goes any more. */
  end(why: Failure): void {
    this.#end = why;
    const all = this.#outbox.clear().map((pending): Expired => {
      return { pending, outcome: mayHaveHappened(pending) ? "outcome_unknown" : "not_sent" };
    });
    this.#giveUp(all, `the connection ended first: ${why.message}`);
    this.#alarm.set(undefined);
  }

  #whyNot(id: string, text: string): Failure | undefined {
    if (this.#end !== undefined) return failure("not_sent", `the connection has ended: ${this.#end.message}`);
    if (this.#outbox.isFullFor(text)) return queueFull();
    if (this.#outbox.has(id))
      return failure("idempotency_conflict", `a send with the id ${id} is on its way; use a new one`);
    if (isLongerThan(text, FRAME_BYTES))
      return failure("frame_too_large", `a send must fit ${FRAME_BYTES} bytes as JSON`);
    return undefined;
  }

  #refused(id: string, { code, data, hint, retry_after_ms }: ErrorFrame): void {
    const now = this.#ports.clock.now();
    if (PASSING.has(code)) {
      return this.#outbox.hold(id, retry_after_ms ?? LATER_MS, { now, isUndone: !UNSURE.has(code) });
    }
    if (!this.#outbox.settle(id)) return;
    const extras = { ...(hint !== undefined && { hint }), ...(retry_after_ms !== undefined && { retry_after_ms }) };
    this.#take(id)?.reject(new HubError({ code, message: data, status: 0, ...extras }));
  }

  #giveUp(expired: readonly Expired[], why: string): void {
    for (const one of expired) this.#take(one.pending.id)?.reject(new HubError(failureOf(one, why)));
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

const TOO_OLD = `not answered within ${GIVE_UP_MS / 60_000} minutes`;

function queueFull(): Failure {
  const most = `${OUTBOX} sends or ${OUTBOX_LENGTH / 1024 / 1024} MiB`;
  return failure("queue_full", `${most} wait already; wait for some of them`);
}

function failureOf({ pending, outcome }: Expired, why: string): Failure {
  const advice =
    outcome === "not_sent"
      ? "it was not sent"
      : "it may have been stored, so look into history before sending it again";
  return failure(outcome, `${why}; ${advice}`, { client_msg_id: pending.id });
}
