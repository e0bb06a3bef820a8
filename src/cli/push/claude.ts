/**
 * Wakes Claude Code: `notifications/claude/channel` becomes a turn of its own, where the user started
 * it with this server among its channels. Claude drops it in silence where its account or
 * organization does not allow channels, so a hook stays behind it.
 * https://code.claude.com/docs/en/channels-reference
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { SERVER } from "../hosts/host.ts";
import type { Addressed } from "../wake/mentions.ts";
import type { Way } from "./waker.ts";

const METHOD = "notifications/claude/channel";

type Notify = (method: string, params: Readonly<Record<string, unknown>>) => Promise<void>;

export interface ClaudeChannel {
  /** What the server says of itself at the start. */
  readonly capability: Record<string, Record<string, string>>;
  /** How to send notifications, once there is somebody to send them to. */
  readonly connect: (notify: Notify) => void;
  readonly way: Way;
}

/** Undefined where the host was not started with this server among its channels. */
export function claudeWay(isWanted: boolean = isClaudeChannel(SERVER)): ClaudeChannel | undefined {
  if (!isWanted) return undefined;
  let notify: Notify | undefined;
  const push: Way["push"] = async (addressed, text, upTo) => {
    if (notify === undefined) throw new Error("the host is not there yet");
    await notify(METHOD, claudeNotice(addressed, text, upTo));
  };
  return {
    capability: { "claude/channel": {} },
    connect: (to) => (notify = to),
    way: { session: "claude", push, isSure: false },
  };
}

/** `meta` becomes attributes of `<channel source="hub" …>`; its names are words, its values texts. */
export function claudeNotice({ channel_id, messages }: Addressed, text: string, upTo: number): Record<string, unknown> {
  const last = messages.find(({ seq }) => seq === upTo);
  const from = last && { from: last.from, verified: String(last.verified) };
  return { content: text, meta: { channel_id, seq: String(upTo), ...from } };
}

/** Whether the host was started with this server among its channels. */
export function isClaudeChannel(server: string, args: readonly string[] = parentArgs()): boolean {
  const flags = ["--channels", "--dangerously-load-development-channels"];
  const from = args.findIndex((arg) => flags.some((flag) => arg === flag || arg.startsWith(`${flag}=`)));
  return from >= 0 && args.slice(from).some((arg) => arg.split(/[=,\s]/).includes(`server:${server}`));
}

function parentArgs(): readonly string[] {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${process.ppid}/cmdline`, "utf8").split("\0");
    if (process.platform === "win32") return [];
    return execFileSync("ps", ["-o", "args=", "-p", String(process.ppid)], { encoding: "utf8" })
      .trim()
      .split(/\s+/);
  } catch {
    // Whoever cannot be looked at did not ask for channels.
    return [];
  }
}
