/**
 * A channel with its storage in memory: plays the part of the hub's shell for the pure rules, which
 * only decide. `decide` leaves a turn open, `save` ends it; `reload` is a wake from sleep, `crash` one
 * that lost the open turn.
 */
import {
  type Caller,
  type ChannelRecord,
  type ChannelSettings,
  type ChannelState,
  createChannel,
  DEFAULT_SETTINGS,
  handle,
  type HistoryAnswer,
  type HistoryQuery,
  markSaved,
  MemoryLog,
  type Outcome,
  type Participant,
  readHistory,
  restoreChannel,
} from "../../src/channel/index.ts";
import {
  type Change,
  HISTORY_DEFAULT,
  type Limits,
  LIMITS,
  type Message,
  type SendCommand,
} from "../../src/protocol/index.ts";

/** 2026-01-02T03:04:05.678Z, when the fixture's channels are made. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export const RECORD: ChannelRecord = {
  number: 7,
  name: "ops",
  created_by: "alpha",
  creator_name: "ALPHA",
  created_at: START,
  epoch: "epoch-1",
};

export type Sent = Extract<Outcome, { type: "sent" }>;

export class ChannelFixture {
  readonly log: MemoryLog = new MemoryLog();
  readonly limits: Limits;
  /** The participants' rows as storage has them. */
  readonly stored: Map<string, Participant> = new Map();
  /** The settings as storage has them. */
  settings: ChannelSettings = DEFAULT_SETTINGS;
  state: ChannelState;
  now: number = START;

  constructor(record: Partial<ChannelRecord> = {}, limits: Partial<Limits> = {}) {
    this.limits = { ...LIMITS, ...limits };
    this.state = createChannel({ ...RECORD, ...record });
    this.save();
  }

  /** Decides a command without ending the turn. */
  decide(who: string | Caller, command: Change): Outcome {
    return handle(this.state, callerOf(who), command, { log: this.log, now: this.now, limits: this.limits });
  }

  /** Decides a command in a turn of its own. */
  do(who: string | Caller, command: Change): Outcome {
    const outcome = this.decide(who, command);
    this.save();
    return outcome;
  }

  join(who: string | Caller, name?: string): Outcome {
    return this.do(who, { action: "join", name });
  }

  leave(who: string | Caller): Outcome {
    return this.do(who, { action: "leave" });
  }

  read(who: string | Caller, seq: number): Outcome {
    return this.do(who, { action: "read", seq });
  }

  send(who: string | Caller, text: string, more: Partial<SendCommand> = {}): Outcome {
    return this.do(who, sendOf(text, more));
  }

  /** Ends the turn: all that was decided is stored. */
  save(): void {
    const { entries, participants } = this.state.unsaved;
    if (entries.length > 0) this.log.append(entries);
    for (const key of participants) {
      const participant = this.state.participants.get(key);
      if (participant === undefined) this.stored.delete(key);
      else this.stored.set(key, participant);
    }
    this.settings = this.state.settings;
    markSaved(this.state);
  }

  /** Sleeps and wakes: the state is built again from storage. */
  reload(): void {
    this.save();
    this.crash();
  }

  /** Loses what the open turn decided, and wakes. */
  crash(): void {
    const head = this.log.head() ?? { last_seq: 0, last_ts: 0 };
    this.state = restoreChannel(this.state.record, head, this.stored.values(), this.settings);
  }

  history(query: Partial<HistoryQuery> = {}): HistoryAnswer {
    return readHistory(this.state, this.log, { limit: HISTORY_DEFAULT, ...query });
  }

  /** Every message that history shows, oldest first. */
  messages(query: Partial<HistoryQuery> = { after: 0, limit: 1000 }): Message[] {
    return messagesOf(this.history(query));
  }

  /** The newest message. */
  last(): Message {
    const [message] = this.messages({ limit: 1 });
    if (message === undefined) throw new Error("the channel has no message");
    return message;
  }
}

export function sendOf(text: string, more: Partial<SendCommand> = {}): SendCommand {
  return { action: "send", text, msg_type: "text", ...more };
}

export function messagesOf({ messages }: Pick<HistoryAnswer, "messages">): Message[] {
  return JSON.parse(`[${messages}]`) as Message[];
}

/** What a send gave; anything else is a failure of the test. */
export function sent(outcome: Outcome): Sent {
  if (outcome.type !== "sent") throw new Error(`not sent: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** The message of a send's ack. */
export function messageIn(outcome: Outcome): Message {
  return JSON.parse(sent(outcome).message) as Message;
}

/** Code and text of a refusal, as a line to compare; a success as its type. */
export function refusalOf(outcome: Outcome): string {
  return outcome.type === "refused" ? `${outcome.refusal.code} ${outcome.refusal.error}` : outcome.type;
}

function callerOf(who: string | Caller): Caller {
  return typeof who === "string" ? { key: who, verified: false } : who;
}
