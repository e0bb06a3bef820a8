/**
 * What agents around a hub saw and did, in the order in which it happened to them, and the rules
 * that every such history of an honest hub keeps. The rig records it, the checker judges it.
 */
import type { Gap, HistoryMeta, Message } from "../../../src/protocol/index.ts";

/**
 * Sockets are numbered by who records; a read over HTTP counts as a socket that asks once. `open`
 * and `ask` stand at the moment of asking, `invoke` at the moment of sending. A listen over HTTP is
 * a socket that gets no page.
 */
export type HistoryEvent =
  | {
      readonly type: "open";
      readonly socket: number;
      readonly key: string;
      /** Absent: the newest. */ readonly after?: number;
    }
  | { readonly type: "ask"; readonly socket: number; readonly after: number }
  | {
      readonly type: "page";
      readonly socket: number;
      readonly messages: readonly Message[];
      readonly meta: HistoryMeta;
    }
  | { readonly type: "invoke"; readonly socket: number; readonly id: string; readonly text: string }
  | {
      readonly type: "ack";
      readonly socket: number;
      readonly id: string;
      readonly message: Message;
      readonly duplicate: boolean;
    }
  | { readonly type: "refuse"; readonly socket: number; readonly id: string }
  | { readonly type: "receive"; readonly socket: number; readonly message: Message }
  | {
      readonly type: "listen";
      readonly socket: number;
      /** Absent: from the key's read position. */ readonly after?: number;
    }
  | {
      readonly type: "listened";
      readonly socket: number;
      readonly messages: readonly Message[];
      readonly next: number;
      readonly gap: Gap | null;
    }
  /** What the hub says of presence while nobody connects or disconnects. */
  | { readonly type: "presence"; readonly connected: readonly string[] }
  | { readonly type: "close"; readonly socket: number };

/** What every history of an honest hub keeps. */
export const RULES = {
  R1: "the log has no holes",
  R2: "a send stands in the log at most once",
  R3: "ids are unique",
  R4: "time does not go back",
  R5: "a seq never shows two messages, to anybody, ever",
  R6: "a send is never shown at two seqs",
  R7: "what was acked is in the log at that seq",
  R8: "what was received is in the log",
  R9: "the ring shows the newest 1000, and what it no longer shows is reported as a gap",
  R10: "an ack answers a send of its socket, each once",
  R11: "repeated acks are equal",
  R12: "a send is new exactly once; a retry of one that took effect is a duplicate",
  R13: "a send stands behind everything that anybody had seen before it was made",
  R14: "the sends of a key keep their order, and so do the replies of a socket",
  R15: "nothing is shown that nobody sent",
  R16: "what is shown is what was sent",
  R17: "nobody hears an echo",
  R18: "what a socket gets is strictly increasing",
  R19: "what a socket gets has no holes",
  R20: "a refused send is not in the log",
  R21: "a socket that stayed open to the end has everything",
  R22: "only members speak, and joins and leaves alternate",
  R23: "a page, and the answer to a listen, holds exactly what follows the position it was asked from",
  R24: "a key that was acked finds it in what it reads from then on",
  R25: "connected are those who have a socket",
  R26: "the epoch is constant",
} as const;

export type Rule = keyof typeof RULES;

export interface Violation {
  readonly rule: Rule;
  readonly detail: string;
}

/** Takes a violation. */
export type Blame = (rule: Rule, detail: string) => void;
