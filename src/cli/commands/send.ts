/** `send`: one message, its text from the arguments or from stdin; who it reached, on stderr. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { HubError, isTemporary, type Sent } from "../../client/index.ts";
import { showJson, showLine } from "../../protocol/index.ts";
import { channelId } from "../channels.ts";
import type { Session } from "../session.ts";
import { readUtf8 } from "../utf8.ts";

export interface SendFlags {
  readonly json: boolean;
  readonly to?: readonly string[];
  readonly replyTo?: number;
  readonly id?: string;
}

/** Attempts with the same id, which is stored once whatever became of the first ones. */
const ATTEMPTS = 4;
const PAUSE_MS = 500;

/** `text` is `-` for stdin. Prints the number of the message. */
export async function send(session: Session, channel: string, text: string, flags: SendFlags): Promise<void> {
  const { terminal, world } = session;
  // A last line break belongs to the file, not to what is said.
  const words = text === "-" ? (await readUtf8(world.stdin)).replace(/\r?\n$/, "") : text;
  const sent = await insistOn(session, await channelId(session, channel), words, flags);
  await terminal.out(`${flags.json ? showJson(sent) : sent.message.seq}\n`);
  for (const line of reachLines(sent)) terminal.note(line);
}

async function insistOn(
  session: Session,
  id: string,
  text: string,
  { to, replyTo, ...flags }: SendFlags,
): Promise<Sent> {
  const client_msg_id = flags.id ?? randomUUID();
  const options = { client_msg_id, ...(to && { to }), ...(replyTo !== undefined && { reply_to: replyTo }) };
  for (let attempt = 1; ; attempt++) {
    try {
      return await session.hub.api.send(id, text, options);
    } catch (error) {
      const mayRepeat = error instanceof HubError && isTemporary(error);
      if (!mayRepeat || attempt === ATTEMPTS) throw error;
      const pause = error.retry_after_ms ?? PAUSE_MS * attempt;
      if (pause > PAUSE_MS * ATTEMPTS) throw error;
      await sleep(pause);
    }
  }
}

/** Mentions that did not arrive. */
export function reachLines({ offline, unresolved }: Pick<Sent, "offline" | "unresolved">): readonly string[] {
  const names = unresolved.map(({ name, candidates }) =>
    candidates.length === 0
      ? `nobody here is called ${showLine(name)}`
      : `${showLine(name)} may be ${candidates.map(showLine).join(" or ")}; name the key`,
  );
  const away = offline.length === 0 ? [] : [`not connected: ${offline.map(showLine).join(", ")}`];
  return [...names, ...away];
}
