/** `create`: makes a channel. Names need not differ, but one that is taken is asked for twice. */
import { randomUUID } from "node:crypto";
import { showJson, showLine } from "../../protocol/index.ts";
import { called, showChannel } from "../../tool/index.ts";
import { EXIT, Failed } from "../exit.ts";
import { allChannels } from "../channels.ts";
import type { Session } from "../session.ts";

export interface CreateFlags {
  readonly json: boolean;
  /** Even if a channel has that name. */
  readonly another: boolean;
}

/** A channel of such a name could not be told from the one with that id. */
const LIKE_AN_ID = /^ch-\d+$/i;

/** Prints the new channel's id. */
export async function create(session: Session, name: string, { json, another }: CreateFlags): Promise<void> {
  const { hub, terminal } = session;
  if (LIKE_AN_ID.test(name.trim())) {
    throw new Failed(EXIT.usage, `a channel must not be called ${name}: ids look like that`, "choose another name");
  }
  if (!another) await refuseTaken(session, name);
  const made = await hub.api.create(name, randomUUID());
  await terminal.out(`${json ? showJson(made) : showLine(made.channel_id)}\n`);
}

async function refuseTaken({ hub }: Session, name: string): Promise<void> {
  const [found] = called(await allChannels(hub), name);
  if (found === undefined) return;
  throw new Failed(
    EXIT.failed,
    `there is a channel of that name: ${showChannel(found.id, found.name)}`,
    `join it: {channel-hub} join ${found.id}; or make another one, to be named by its id: create --another`,
    "name_taken",
  );
}
