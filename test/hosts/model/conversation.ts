/**
 * What every vendor's wire comes down to: tools that are offered, what was said, called and
 * answered so far, and the one thing that the model says next.
 */
import type { Json } from "../../support/frame-socket.ts";

/** A tool as the host offers it to its model. */
export interface Offered {
  readonly name: string;
  /** Codex groups the tools of a server under a name of its own. */
  readonly namespace?: string;
  readonly description: string;
  readonly schema: Json;
}

/** Arguments of a call. */
export type Args = Readonly<Record<string, unknown>>;

export type Item =
  | { readonly kind: "said"; readonly text: string }
  | { readonly kind: "replied"; readonly text: string }
  | { readonly kind: "called"; readonly id: string; readonly name: string; readonly args: Args }
  | { readonly kind: "answered"; readonly id: string; readonly text: string };

export interface Conversation {
  readonly tools: readonly Offered[];
  readonly items: readonly Item[];
  /** JSON Schema that the words must fit, where the host asks its model about the conversation. */
  readonly form?: Json;
}

export type Reply =
  | { readonly text: string }
  | { readonly call: { readonly id: string; readonly tool: Offered; readonly args: Args } };

/** One vendor's wire. */
export interface Codec {
  /** Whether a request of this path is one for the model's next words. */
  readonly takes: (path: string) => boolean;
  readonly read: (body: Json) => Conversation;
  /** The whole answer; `isStream` as the request's path or body asks. */
  readonly write: (reply: Reply, isStream: boolean) => string;
  readonly isStream: (path: string, body: Json) => boolean;
}

/** Server-sent events, each with its name where the vendor names them. */
export function events(list: readonly Json[], isNamed: boolean): string {
  return list.map((data) => `${isNamed ? `event: ${data.type}\n` : ""}data: ${JSON.stringify(data)}\n\n`).join("");
}

/** Text of a content that is a string, or parts of which some hold text. */
export function textOf(content: Json): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content === undefined || content === null ? "" : JSON.stringify(content);
  return content.map((part: Json) => (typeof part === "string" ? part : (part.text ?? ""))).join("\n");
}

/** The plainest JSON that fits a schema: nothing found, no confidence. */
export function blank({ type, properties = {} }: Json): Json {
  if (type === "number" || type === "integer") return 0;
  if (type === "boolean") return false;
  if (type === "array") return [];
  if (type !== "object") return "";
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, blank(schema)]));
}
