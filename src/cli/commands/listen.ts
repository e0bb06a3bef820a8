/** `listen`: what is new, as it comes. */
import { channelId } from "../channels.ts";
import type { Session } from "../session.ts";
import { gapLine, MessagePrinter } from "../show.ts";
import { EXIT, type Exit } from "../exit.ts";
import { follow, insist } from "../follow.ts";

export interface ListenFlags {
  readonly json: boolean;
  readonly once: boolean;
  readonly for: "all" | "me";
  readonly wait?: number;
  readonly after?: number;
}

/** With `--once`, the exit code tells whether something came. */
export async function listen(session: Session, channel: string | undefined, flags: ListenFlags): Promise<Exit> {
  const { agent, terminal, settings } = session;
  const isOfOne = channel !== undefined || settings.channel !== undefined || flags.after !== undefined;
  const patience = flags.wait === undefined ? Infinity : flags.wait * 1000;
  const id = isOfOne ? await insist(() => channelId(session, channel), patience, terminal) : undefined;
  if (isOfOne && id === undefined) return silent(session);
  const view = { reader: agent.key, json: flags.json, withChannel: id === undefined };
  const printer = new MessagePrinter(terminal, view);
  const came = await follow(session, { ...flags, channel: id }, async ({ messages, gap }) => {
    if (gap !== null) terminal.note(gapLine(gap));
    await printer.print(messages);
  });
  return came ? EXIT.ok : silent(session);
}

function silent({ terminal }: Session): Exit {
  terminal.note("nothing came");
  return EXIT.timed_out;
}
