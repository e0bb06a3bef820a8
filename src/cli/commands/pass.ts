/** `pass make`, `pass list` and `pass revoke`: for admins of the hub. */
import type { Pass, PassWishes } from "../../client/index.ts";
import { showJson, showLine } from "../../protocol/index.ts";
import { columns } from "../columns.ts";
import { EXIT, Failed } from "../exit.ts";
import { channelId } from "../channels.ts";
import type { Session } from "../session.ts";

type Flags = { readonly json: boolean };
/** What a pass is to allow, as its flags say. */
export interface Making {
  readonly scope: Pass["scope"];
  readonly for?: string;
  readonly called?: string;
  readonly as?: NonNullable<Pass["kind"]>;
  readonly in?: readonly string[];
  readonly hours?: number;
  readonly note?: string;
}

/** Its text alone on stdout, so that it can go straight to where it is kept. */
export async function make(session: Session, { json, ...flags }: Flags & Making): Promise<void> {
  const { hub, terminal } = session;
  const made = await hub.api.makePass(await wishesOf(session, flags));
  await terminal.out(json ? `${showJson(made)}\n` : `${made.text}\n`);
  terminal.note(`this is shown once; it is used wherever a hub key is. Revoke it: pass revoke ${made.pass.id}`);
}

async function wishesOf(session: Session, flags: Making): Promise<PassWishes> {
  const { scope, for: agent_key, called: name, as: kind, in: named, hours, note } = flags;
  const channels = named && (await Promise.all(named.map((one) => channelId(session, one))));
  const all = { scope, agent_key, name, kind, channels, note, expires_in: hours && hours * 3600 };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export async function list(session: Session, { json, in: named }: Flags & { readonly in?: string }): Promise<void> {
  const { hub, terminal } = session;
  const channel_id = named === undefined ? undefined : await channelId(session, named);
  const all: Pass[] = [];
  for (let cursor: number | undefined = 0; cursor !== undefined;) {
    const page = await hub.api.passes({ cursor, ...(channel_id !== undefined && { channel_id }) });
    all.push(...page.passes);
    cursor = page.next_cursor;
  }
  if (json) for (const pass of all) await terminal.out(`${showJson(pass)}\n`);
  else if (all.length > 0) await terminal.out(columns([HEAD, ...all.map(cellsOf)]));
  if (all.length === 0) terminal.note("there is no pass yet; make one with pass make");
}

export async function revoke(
  { hub, terminal }: Session,
  id: string | undefined,
  { json, all }: Flags & { readonly all: boolean },
): Promise<void> {
  if ((id === undefined) !== all) throw new Failed(EXIT.usage, "name the pass to revoke by its id, or say --all");
  const done = await hub.api.revokePass(id);
  if (json) await terminal.out(`${showJson(done)}\n`);
  const { left } = done;
  terminal.note(`revoked ${id === undefined ? "every pass" : showLine(id)}`);
  if (left > 0)
    terminal.note(`${left} channels did not answer yet and are told again; until then it still counts there`);
}

const HEAD = ["ID", "SCOPE", "FOR", "CHANNELS", "UNTIL", "MADE BY", "STATE", "NOTE"];

function cellsOf({ id, scope, agent_key, name, channels, exp, by, revoked, note }: Pass): readonly string[] {
  const until = exp === undefined ? "-" : new Date(exp * 1000).toISOString().slice(0, 16);
  const isOver = exp !== undefined && Date.now() >= exp * 1000;
  const state = revoked ? "revoked" : isOver ? "expired" : "good";
  const whose = [name, agent_key].filter((one) => one !== undefined).join(" ") || "anybody";
  return [id, scope, whose, channels?.join(" ") ?? "all", until, by, state, note ?? ""].map(showLine);
}
