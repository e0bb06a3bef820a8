/** Tells who was waited for, in the form that its host's hooks want. */
import { once } from "node:events";
import type { Session } from "../session.ts";
import { MessagePrinter } from "../show.ts";
import type { Terminal } from "../terminal.ts";
import type { Addressed } from "./mentions.ts";
import { wakeText } from "./text.ts";

/** How the hooks of a host want to be answered. */
export const HOOKS = ["claude", "gemini", "opencode"] as const;
export type Hook = (typeof HOOKS)[number];

interface Form {
  readonly json: boolean;
  readonly hook?: Hook;
}

/** Where Claude Code's model reads stderr, notes are not for it. */
export function terminalFor({ terminal }: Session, hook: Hook | undefined): Terminal {
  return hook === "claude" ? { ...terminal, note: (line) => void terminal.out(`${line}\n`) } : terminal;
}

/** Writes what came, in the form that is wanted; gives the number of the last message in it. */
export async function tell(
  { agent, terminal, world }: Session,
  addressed: Addressed,
  { json, hook }: Form,
): Promise<number> {
  const { text, upTo } = wakeText(addressed, agent.key);
  if (hook === "claude") {
    await new Promise((written) => world.stderr.write(text, written));
    return upTo;
  }
  if (hook === "gemini") {
    await terminal.out(`${JSON.stringify({ decision: "deny", reason: text })}\n`);
    return upTo;
  }
  if (hook === "opencode") {
    await terminal.out(`${JSON.stringify({ text })}\n`);
    // Its plugin says when the session has taken it; not taken, it is told again another time.
    await once(world.stdin, "data");
    return upTo;
  }
  const view = { reader: agent.key, json, withChannel: true };
  await new MessagePrinter(terminal, view).print(addressed.messages);
  return addressed.messages.at(-1)?.seq ?? addressed.after;
}
