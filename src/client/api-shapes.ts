/** What the control plane is asked with and answers with, beyond what the protocol names. */
import type { AckExtras } from "../protocol/frame.ts";
import type { ChannelSummary, HistoryMeta, Kind, Message, MessageType } from "../protocol/message.ts";

/** Who speaks. */
export interface Agent {
  /** Public identity, `^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,127}$`. */
  readonly key: string;
  /** What others see; without it, the key. */
  readonly name?: string;
  readonly kind?: Kind;
}

/** A request on its way, for whoever signs it. */
export interface Signable {
  readonly method: string;
  /** Absolute, `http:` or `https:`, of upgrades too. */
  readonly url: string;
  readonly body?: string;
  /** The id under which the request happens once; its signature has this nonce. */
  readonly nonce?: string;
  /** Unix milliseconds by the hub's clock, where the hub said that this machine's is wrong: sign with it. */
  readonly now?: number;
}

export interface HubOptions {
  /** Where the hub is: `https://hub.example` (`wss:` is understood as well). */
  readonly url: string;
  /** The hub key, sent as `x-spf-key`. Without it, `authorize` admits. */
  readonly key?: string;
  readonly agent: Agent;
  /** Headers to add to each request and upgrade. */
  readonly authorize?: (request: Signable) => Promise<Readonly<Record<string, string>>>;
}

export interface SendOptions {
  /** Names or keys this is for, at most 20. */
  readonly to?: readonly string[];
  /** `seq` of the message this answers. */
  readonly reply_to?: number;
  readonly msg_type?: Exclude<MessageType, "system">;
  /** The id under which it is stored once; without it, a random one. */
  readonly client_msg_id?: string;
  /** A new name for the sender. */
  readonly name?: string;
}

/** A stored message, and whom it reached. */
export interface Sent extends AckExtras {
  readonly message: Message;
}

export interface HistoryOptions {
  /** 1–1000, default 50. */
  readonly limit?: number;
  /** Only later ones, oldest first. */
  readonly after?: number;
  /** Only earlier ones. */
  readonly before?: number;
  readonly epoch?: string;
}

/** Messages, and what `meta` says of what was asked for (SOC2). */
export interface HistoryPage {
  readonly channel_id: string;
  readonly messages: readonly Message[];
  readonly count: number;
  readonly meta: HistoryMeta;
}

export interface ListenOptions {
  /** Everything up to here is done with; without it, the read position. */
  readonly after?: number;
  /** Seconds to wait for something, 0–55, default 0. */
  readonly wait?: number;
  /** `me`: only what mentions this agent. */
  readonly for?: "all" | "me";
  readonly limit?: number;
}

/** A page of channels. */
export interface ChannelList {
  readonly channels: readonly ChannelSummary[];
  /** Of all channels. */
  readonly count: number;
  /** What to pass as `cursor` for the rest. */
  readonly next_cursor?: number;
}

/** What a hub says of itself to anybody. */
export interface Health {
  readonly name: string;
  readonly version: string;
  /** What `/channel-hub.tgz` holds. */
  readonly package?: { readonly build: string; readonly sha256: string };
}

/** Lets in what cannot send headers (IDN3). */
export interface Ticket {
  readonly ticket: string;
  /** What to connect to with it. */
  readonly url: string;
  /** ISO 8601. */
  readonly expires_at: string;
}

/** What was done, and where: the number of the message that tells of it, or the position now. */
export interface Done {
  readonly channel_id: string;
  readonly seq: number;
}

/** What `fsck` found among the channels it looked at. */
export interface FsckReport {
  readonly findings: readonly { readonly channel_id: string; readonly fault: string; readonly says: string }[];
  readonly checked: number;
  /** Where the next page starts; absent: all were looked at. */
  readonly next_cursor?: number;
}

/** Something that was administered, by whom. */
export interface AuditedAct {
  /** ISO 8601. */
  readonly at: string;
  readonly request_id: string;
  /** Names the hub key. */
  readonly kid: string;
  /** The agent key that it spoke for. */
  readonly agent?: string;
  readonly act: string;
  readonly channel_id?: string;
  readonly target?: string;
}

/** What a pass is to allow. */
export interface PassWishes {
  /** `agent` when left out. */
  readonly scope?: "read" | "agent" | "admin";
  /** The only agent it speaks for, whose key it proves. */
  readonly agent_key?: string;
  readonly name?: string;
  readonly kind?: "agent" | "human" | "service";
  /** The only channels it reaches, at most 16. */
  readonly channels?: readonly string[];
  /** Seconds. */
  readonly expires_in?: number;
  /** What it is for, to those who read the list. */
  readonly note?: string;
}

/** A pass as the hub keeps it: all but its text. */
export interface Pass extends Omit<PassWishes, "expires_in"> {
  readonly id: string;
  readonly scope: "read" | "agent" | "admin";
  /** Unix seconds from which on it is worth nothing. */
  readonly exp?: number;
  /** Names the hub key or pass that made it. */
  readonly by: string;
  /** ISO 8601. */
  readonly made_at: string;
  readonly revoked: boolean;
}
