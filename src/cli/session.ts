/** What a command works with: the hub, who the agent is there, and which channel is meant. */
import { randomBytes } from "node:crypto";
import { type Agent, HubClient } from "../client/index.ts";
import { authorizeAs, importIdentity } from "../client/identity.ts";
import { channelNumber, type ChannelSummary, LIST_MAX, showJson, showLine } from "../protocol/index.ts";
import { called, showChannel } from "../tool/index.ts";
import { ConfigFile, KNOWN } from "./config-file.ts";
import { EXIT, Failed } from "./exit.ts";
import { nodeHost } from "./node-host.ts";
import { hubOfOrigin } from "./origin.ts";
import { connectionOf, mineIn } from "./setup/as-host.ts";
import type { Connection } from "./setup/connections.ts";
import { inProfile } from "./profiles.ts";
import { type Flags, type Kept, type Settings, settingsFrom, strangeVariables, VARIABLES } from "./settings.ts";
import { type Input, type Output, type Terminal, terminalOn } from "./terminal.ts";

/** The process the command runs in. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface Session {
  readonly world: World;
  readonly terminal: Terminal;
  readonly file: ConfigFile;
  readonly settings: Settings;
  readonly agent: Agent & { readonly key: string };
  /** Of the host it speaks for, if it does; and whether its identity was made just now. */
  readonly connection?: Connection;
  readonly isNew?: boolean;
  /** Whether its requests carry the proof of its key. */
  readonly signs: boolean;
  readonly hub: HubClient;
  /** The same hub, under another name. */
  readonly hubFor: (agent: Agent) => HubClient;
}

/** Before anything is asked of the hub: settings only, nothing is made. */
export interface Prepared {
  readonly world: World;
  readonly terminal: Terminal;
  readonly file: ConfigFile;
  readonly settings: Settings;
  /** Of the host it speaks for, if it does. */
  readonly connection?: Connection;
}

export function prepare(flags: Flags, world: World): Prepared {
  const terminal = terminalOn(world.stdout, world.stderr, world.env);
  const file = new ConfigFile(world.env);
  const kept = file.read();
  const connection = flags.host === undefined ? undefined : connectionOf(flags.host, world.env, file.folder);
  const settings = connection
    ? // All channels that its agent has joined count, not the one it began with.
      settingsFrom(flags, {}, { ...connection, channel: undefined })
    : settingsIn(flags, world.env, kept);
  noteStrangers(terminal, file, world.env);
  const hasSecrets = [kept.key, kept.identity, kept.profiles].some((secret) => secret !== undefined);
  if (file.isOpen && hasSecrets) {
    terminal.note(`others can read ${file.path}, which holds secrets: chmod 600 it`);
  }
  return { world, terminal, file, settings, ...(connection && { connection }) };
}

/** Settings that nobody reads, wherever they stand. */
function noteStrangers(terminal: Terminal, file: ConfigFile, env: World["env"]): void {
  const unknown = file.unknown().map((name) => `"${showLine(name)}"`);
  if (unknown.length > 0)
    terminal.note(`${file.path}: nobody reads ${unknown.join(", ")}; known are ${KNOWN.join(", ")}`);
  const strange = strangeVariables(env);
  if (strange.length > 0)
    terminal.note(
      `nobody reads ${strange.map(showLine).join(", ")} of the environment; known are ${VARIABLES.join(", ")}`,
    );
}

/** A profile that was named by a flag counts before the environment; whatever else it is, after. */
function settingsIn(flags: Flags, env: World["env"], kept: Kept): Settings {
  if (flags.profile !== undefined) return settingsFrom(flags, {}, inProfile(kept, flags.profile));
  return settingsFrom(flags, env, inProfile(kept, env["CHANNEL_HUB_PROFILE"] || undefined), hubOfOrigin());
}

/** @param live whether it is the one of its host's session, or only runs beside that */
export async function openSession(prepared: Prepared, live = false): Promise<Session> {
  const { connection, settings } = prepared;
  if (connection === undefined) return await sessionOf(prepared);
  const { name, identity, isNew } = await mineIn(connection, prepared.file.folder, live);
  const mine = { ...settings, agent: undefined, name, identity };
  return { ...(await sessionOf({ ...prepared, settings: mine })), isNew };
}

async function sessionOf(prepared: Prepared): Promise<Session> {
  const { settings } = prepared;
  const identity = settings.identity && (await readIdentity(settings.identity, prepared.file.path));
  const key = settings.agent ?? identity?.key ?? makeAgent(prepared);
  const agent = { key, kind: settings.kind, ...(settings.name !== undefined && { name: settings.name }) };
  const isProven = identity !== undefined && identity.key === key;
  const hubFor = (as: Agent): HubClient =>
    new HubClient({
      url: settings.url,
      agent: as,
      host: nodeHost(),
      ...(settings.key !== undefined && { key: settings.key }),
      ...(isProven && { authorize: authorizeAs(identity) }),
    });
  return { ...prepared, agent, signs: isProven, hub: hubFor(agent), hubFor };
}

async function readIdentity(
  secret: NonNullable<Settings["identity"]>,
  path: string,
): Promise<Awaited<ReturnType<typeof importIdentity>>> {
  try {
    return await importIdentity(secret);
  } catch (error) {
    throw new Failed(EXIT.usage, `the identity in ${path} is no Ed25519 key pair: ${String(error)}`);
  }
}

function makeAgent({ file, terminal }: Prepared): string {
  const key = file.keepFirst(`agent-${randomBytes(4).toString("hex")}`);
  terminal.note(`you are ${key} from now on; kept in ${file.path}`);
  return key;
}

/** The id of a channel by id or name; without either, the one of the settings. */
export async function channelId({ settings, hub, agent }: Session, wanted?: string): Promise<string> {
  const channel = wanted ?? settings.channel;
  if (channel === undefined) {
    throw new Failed(
      EXIT.usage,
      "which channel?",
      "name it, or set CHANNEL_HUB_CHANNEL; this shows them: {channel-hub} list",
    );
  }
  const id = channel.trim().toLowerCase();
  if (channelNumber(id) !== undefined) return id;
  const mine = called(await allChannels(hub, agent.key), channel);
  const found = mine.length > 0 ? mine : called(await allChannels(hub), channel);
  const [only, ...others] = found;
  if (only === undefined) {
    throw new Failed(EXIT.not_found, `no channel is called ${channel}`, "this shows the channels: {channel-hub} list");
  }
  if (others.length === 0) return only.id;
  const choices = found.map((one) => showChannel(one.id, one.name)).join(", ");
  throw new Failed(EXIT.usage, `several channels are called ${channel}`, `say which by its id: ${choices}`);
}

/** All pages of a list; with `key`, the channels it has joined. */
export async function allChannels(hub: HubClient, key?: string): Promise<readonly ChannelSummary[]> {
  const channels: ChannelSummary[] = [];
  let cursor: number | undefined = 0;
  while (cursor !== undefined) {
    const page = await hub.api.list({ limit: LIST_MAX, cursor, ...(key !== undefined && { key }) });
    channels.push(...page.channels);
    cursor = page.next_cursor;
  }
  return channels;
}

/** A failure as lines for stderr, with nothing raw in them; `{channel-hub}` in a hint is how to start `command`. */
export function failureLines({ message, hint }: Failed, command: string): string {
  const advice = adviceOf(hint, command);
  const lines = [`channel-hub: ${message}`, ...(advice === undefined ? [] : [`  ${advice}`])];
  return lines.map((line) => line.split("\n").map(showLine).join("\n")).join("\n");
}

/** The same for programs, in the form of the hub's own refusals. */
export function failureJson({ message, hint, code, exit }: Failed, command: string): string {
  const advice = adviceOf(hint, command);
  return showJson({ ok: false, error: message, code, exit, ...(advice !== undefined && { hint: advice }) });
}

function adviceOf(hint: string | undefined, command: string): string | undefined {
  return hint?.replaceAll("{channel-hub}", command);
}
