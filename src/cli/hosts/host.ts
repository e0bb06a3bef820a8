/**
 * A host: the program an agent runs in. Each is described once, in a file of its own here, as plain
 * data and pure functions; `setup` and `install` do the same for all. A description never writes a
 * file: it names the edits, which are shown, made and taken out again by one engine.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

export type HostId = "claude" | "codex" | "gemini" | "opencode" | "cursor" | "qwen" | "copilot";

/** The machine as a host sees it when it is started in a folder. */
export interface Place {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Where it is started: absolute, without symlinks. */
  readonly folder: string;
  /** The main work tree of the repository that is in, if it is in one; else the folder. */
  readonly project: string;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * A value at a path: an object's own (`value`), or one more in a list (`item`). With `unless`, what
 * the user has there already is left.
 */
export type Put =
  | { readonly at: readonly string[]; readonly value: Json; readonly unless?: "there" }
  | { readonly at: readonly string[]; readonly item: Json };

/** What becomes of one file: values put into a settings file that others write too, or a file that is ours alone. */
export type Edit = SettingsEdit | OwnFile;

export interface SettingsEdit {
  readonly file: string;
  /** In TOML a value is a table. */
  readonly format: "jsonc" | "toml";
  readonly put: readonly Put[];
}

export interface OwnFile {
  readonly file: string;
  readonly format: "own";
  readonly text: string;
}

/** How this very command is started: the program, then its first arguments. What it is to do follows. */
export type Launch = readonly [string, ...string[]];

/** The server beside the agent. */
export interface LocalServer {
  readonly command: Launch;
  readonly environment: Readonly<Record<string, string>>;
  /** Variables that the host hands on from its own environment: secrets, which no settings hold. */
  readonly inherited: readonly string[];
}

/** The hub's own endpoint. */
export interface RemoteServer {
  readonly url: string;
  /** Without the hub key, which is a reference to `CHANNEL_HUB_KEY`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Host {
  readonly id: HostId;
  /** As people call it. */
  readonly title: string;
  /** Looked for in PATH. */
  readonly program: string;
  /** The value under the server's name in the host's settings. */
  readonly local: (server: LocalServer) => Json;
  readonly remote: (server: RemoteServer) => Json;
  /** Where `install` says that it goes. */
  readonly printed: { readonly where: string; readonly format: "jsonc" | "toml"; readonly at: readonly string[] };
  /** What `setup` does to the host's settings: the server's entry, and the approvals it needs. */
  readonly edits: (place: Place, entry: Json) => readonly Edit[];
  /** What the host will still ask, and how to allow it for good: one line. */
  readonly approvals: string;
  /** The host's own way to show its servers, where it has one. */
  readonly check?: Check;
  /** What wakes its idle agent, beyond what the server does by itself. */
  readonly wake?: (place: Place, launch: Launch) => readonly Edit[];
}

export interface Check {
  readonly args: readonly string[];
  /** Whether its output says that the server `hub` works. */
  readonly isGood: (output: string) => boolean;
}

/** The name of our server in every host's settings. */
export const SERVER = "hub";
/** The tool, as the server calls it. */
export const TOOL = "spf_channel";
/** Seconds for a call: a listen waits up to 55. */
export const CALL_S = 90;
/** Where hosts read the hub key from, in printed settings. */
export const KEY_VARIABLE = "CHANNEL_HUB_KEY";

/** The environment of a local server, where a host writes a variable of its own as `reference` says. */
export function environmentOf(server: LocalServer, reference: (name: string) => string): Record<string, string> {
  const inherited = server.inherited.map((name) => [name, reference(name)] as const);
  return { ...server.environment, ...Object.fromEntries(inherited) };
}

/** A folder that a variable may move, such as `CODEX_HOME`. An empty variable is one that was not set. */
export function folderOf({ env, home }: Place, variable: string, usual: string): string {
  return env[variable] || join(home, usual);
}

/** Of the files that a host reads, the first that there is; without any, the first. */
export function firstFile(folder: string, names: readonly [string, ...string[]]): string {
  return join(folder, names.find((name) => existsSync(join(folder, name))) ?? names[0]);
}

/** `${XDG_CONFIG_HOME:-~/.config}` */
export function configHome(place: Place): string {
  return folderOf(place, "XDG_CONFIG_HOME", ".config");
}

/** What a host's hook starts, as one line for its shell. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** Double quotes are known to every shell that hosts use; what they leave alive is escaped. */
function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `"${process.platform === "win32" ? word : word.replaceAll(/["$`\\]/g, String.raw`\$&`)}"`;
}
