/**
 * Wakes Codex: `codex queue --thread ID --message TEXT` starts a turn in an idle session, and queues
 * behind the turn of a busy one. Each of its tool calls says which session it is of
 * (`params._meta.threadId`). For a session that is closed the command ends well and nobody is woken:
 * so a wake alone never counts as read, only what the model does after it.
 */
import { execFile } from "node:child_process";
import { readlinkSync } from "node:fs";
import { promisify } from "node:util";
import type { Way } from "./waker.ts";

/** The way to the session that a call is of; undefined of another host. */
export function codexWay(meta: Readonly<Record<string, unknown>> | undefined): Way | undefined {
  const thread = codexThread(meta);
  if (thread === undefined) return undefined;
  return { session: thread, push: (_addressed, text) => queueInCodex(thread, text), isSure: true };
}

const TIMEOUT_MS = 15_000;

async function queueInCodex(thread: string, text: string): Promise<void> {
  await promisify(execFile)(codexProgram(), ["queue", "--thread", thread, "--message", text], {
    timeout: TIMEOUT_MS,
    windowsHide: true,
  });
}

/** The very program that started this server, where that can be seen; else the one in PATH. */
function codexProgram(): string {
  try {
    const program = readlinkSync(`/proc/${process.ppid}/exe`);
    return /\/codex[^/]*$/.test(program) ? program : "codex";
  } catch {
    return "codex";
  }
}

const THREAD = /^[0-9a-zA-Z][0-9a-zA-Z-]{7,63}$/;

/** The session that a call is of; undefined of another host. */
export function codexThread(meta: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (isExec(meta?.["x-codex-turn-metadata"])) return undefined;
  const thread = meta?.["threadId"];
  // What begins with a dash would be an option of the command.
  return typeof thread === "string" && THREAD.test(thread) ? thread : undefined;
}

/** A turn of `codex exec`, after which there is none: what is queued for it would be told to nobody. */
function isExec(turn: unknown): boolean {
  return typeof turn === "object" && turn !== null && "turn_trigger" in turn && turn.turn_trigger === "exec";
}
