/** `listen` and `wait`: what is new, as it comes. */
import { channelId, type Session } from "../session.ts";
import { gapLine, MessagePrinter } from "../show.ts";
import { EXIT, type Exit } from "../exit.ts";
import { follow } from "../follow.ts";

export interface ListenFlags {
  readonly json: boolean;
  readonly once: boolean;
  readonly for: "all" | "me";
  readonly wait?: number;
  readonly after?: number;
}

/** With `--once`, the exit code tells whether something came. */
export async function listen(session: Session, channel: string | undefined, flags: ListenFlags): Promise<Exit> {
  const { hub, agent, terminal, settings } = session;
  const isOfOne = channel !== undefined || settings.channel !== undefined || flags.after !== undefined;
  const id = isOfOne ? await channelId(session, channel) : undefined;
  const view = { reader: agent.key, json: flags.json, withChannel: id === undefined };
  const printer = new MessagePrinter(terminal, view);
  const came = await follow(hub, { ...flags, channel: id }, terminal, async ({ messages, gap }) => {
    if (gap !== null) terminal.note(gapLine(gap));
    await printer.print(messages);
  });
  if (!came) terminal.note("nothing came");
  return came ? EXIT.ok : EXIT.timed_out;
}
