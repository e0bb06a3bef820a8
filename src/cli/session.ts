/** What a command works with: the hub, who the agent is there, and which channel is meant. */
import { randomBytes } from "node:crypto";
import { type Agent, HubClient } from "../client/index.ts";
import { authorizeAs, importIdentity } from "../client/identity.ts";
import { showJson, showLine } from "../protocol/index.ts";
import { ConfigFile, KNOWN } from "./config-file.ts";
import { EXIT, Failed } from "./exit.ts";
import { nodeHost } from "./node-host.ts";
import { connectionOf, mineIn } from "./setup/as-host.ts";
import type { Connection } from "./setup/connections.ts";
import { settingsIn } from "./profiles.ts";
import { type Flags, type Settings, settingsFrom, strangeVariables, VARIABLES } from "./settings.ts";
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
