/**
 * The promises of an outbox: each command resolves to the hub's answer, is repeated until there is
 * one, and rejects when it is refused or has waited too long.
 */
import type { ErrorCode } from "../protocol/error.ts";
import type { ErrorFrame } from "../protocol/frame.ts";
import { FRAME_BYTES } from "../protocol/limits.ts";
import { isLongerThan } from "../protocol/text.ts";
import { Alarm } from "./alarm.ts";
import { type Failure, failure, HubError } from "./hub-error.ts";
import type { Host } from "./host.ts";
import { GIVE_UP_MS, OUTBOX, Outbox, type Pending } from "./outbox.ts";
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
/** Milliseconds to wait where such a refusal does not say. */
const LATER_MS = 1000;

/** What a command is answered with. */
export type Answer = Exclude<PlainFrame, ErrorFrame>;

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: HubError): void;
}

export interface SenderPorts {
  readonly host: Host;
  /** Puts a frame on the wire. */
  say(text: string): void;
  isConnected(): boolean;
}

export class Sender {
  readonly #ports: SenderPorts;
  readonly #outbox: Outbox = new Outbox();
  readonly #waiting: Map<string, Waiting> = new Map();
  readonly #alarm: Alarm;
  #end: Failure | undefined;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
    this.#alarm = new Alarm(ports.host, () => this.pump());
  }

  /** Sends a command; the hub's answer carries its `id`, as `client_msg_id` or `ref`. */
  ask(id: string, text: string): Promise<Answer> {
    const refused = this.#whyNot(id, text);
    if (refused !== undefined) return Promise.reject(new HubError(refused));
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#outbox.add(id, text, this.#ports.host.now());
    this.pump();
    return answer;
  }

  /** Puts on the wire what may go, and gives up what is too old. */
  pump(): void {
    const { host } = this.#ports;
    for (const pending of this.#outbox.expire(host.now())) this.#reject(pending, tooOld(pending));
    if (this.#ports.isConnected()) for (const text of this.#outbox.next(host.now())) this.#ports.say(text);
    this.#alarm.set(this.#outbox.deadline(host.now()));
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
    for (const pending of this.#outbox.clear()) this.#reject(pending, cutOff(pending, why));
    this.#alarm.set(undefined);
  }

  #whyNot(id: string, text: string): Failure | undefined {
    if (this.#end !== undefined) return failure("not_sent", `the connection has ended: ${this.#end.message}`);
    if (this.#outbox.isFull) return failure("queue_full", `${OUTBOX} sends wait already; wait for some of them`);
    if (this.#outbox.has(id))
      return failure("idempotency_conflict", `a send with the id ${id} is on its way; use a new one`);
    if (isLongerThan(text, FRAME_BYTES))
      return failure("frame_too_large", `a send must fit ${FRAME_BYTES} bytes as JSON`);
    return undefined;
  }

  #refused(id: string, { code, data, hint, retry_after_ms }: ErrorFrame): void {
    if (PASSING.has(code)) return this.#outbox.hold(id, retry_after_ms ?? LATER_MS, this.#ports.host.now());
    if (!this.#outbox.settle(id)) return;
    const extras = { ...(hint !== undefined && { hint }), ...(retry_after_ms !== undefined && { retry_after_ms }) };
    this.#take(id)?.reject(new HubError({ code, message: data, status: 0, ...extras }));
  }

  #reject({ id }: Pending, why: Failure): void {
    this.#take(id)?.reject(new HubError(why));
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

function tooOld(pending: Pending): Failure {
  return outcome(pending, `not answered within ${GIVE_UP_MS / 60_000} minutes`);
}

function cutOff(pending: Pending, why: Failure): Failure {
  return outcome(pending, `the connection ended first: ${why.message}`);
}

/** What was on the wire may have happened; what was not, has not. */
function outcome({ id, wasSent }: Pending, why: string): Failure {
  return wasSent
    ? failure("outcome_unknown", `${why}; it may have been stored, so look into history before sending it again`, {
        client_msg_id: id,
      })
    : failure("not_sent", `${why}; it was not sent`, { client_msg_id: id });
}
