/**
 * What a resident's agent may do beyond talking: its requests are refused, allowed where they only
 * read, or asked of the owner in the channel. Pure.
 */
import type { PermissionOption, RequestPermissionRequest, RequestPermissionResponse } from "@agentclientprotocol/sdk";

export const PERMISSIONS = ["refuse", "allow-reads", "ask", "allow"] as const;
export type Permissions = (typeof PERMISSIONS)[number];

/** Kinds of tool calls that change nothing and reach nobody. */
const READS: ReadonlySet<string> = new Set(["read", "search", "think"]);

export type Decision = "allow" | "refuse" | "ask";

export function decide(permissions: Permissions, { toolCall }: RequestPermissionRequest): Decision {
  switch (permissions) {
    case "refuse":
      return "refuse";
    case "allow-reads":
      return READS.has(toolCall.kind ?? "other") ? "allow" : "refuse";
    case "ask":
      return "ask";
    case "allow":
      return "allow";
  }
}

/** The option that says so once; where the agent offers none, the turn's request is cancelled. */
export function answerOf(isAllowed: boolean, options: readonly PermissionOption[]): RequestPermissionResponse {
  const wanted: readonly string[] = isAllowed ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"];
  const option = wanted.flatMap((kind) => options.filter((one) => one.kind === kind))[0];
  if (option === undefined) return { outcome: { outcome: "cancelled" } };
  return { outcome: { outcome: "selected", optionId: option.optionId } };
}

/** What a person said to a question; undefined where it is neither yes nor no. */
export function answered(text: string): boolean | undefined {
  const [, word = ""] = /^\s*(?:@\S+[\s,:]+)?(\p{L}+)/u.exec(text) ?? [];
  if (/^(allow|yes|ok)$/i.test(word)) return true;
  return /^(refuse|deny|no)$/i.test(word) ? false : undefined;
}
