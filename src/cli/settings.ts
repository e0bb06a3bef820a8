/**
 * Which hub, admitted by what, as whom: flags before environment before the file. Pure; the file is
 * read and written by `config-file.ts`.
 */
import type { SecretIdentity } from "../client/identity.ts";
import { check, field } from "../protocol/index.ts";
import { EXIT, Failed } from "./exit.ts";

export interface Flags {
  readonly url?: string;
  readonly key?: string;
  readonly agent?: string;
  readonly name?: string;
  readonly kind?: "agent" | "human" | "service";
}

/** What the file may hold. */
export interface Kept {
  readonly url?: string | undefined;
  /** The hub key. */
  readonly key?: string | undefined;
  /** The agent key. */
  readonly agent?: string | undefined;
  readonly name?: string | undefined;
  readonly channel?: string | undefined;
  /** The secret of a proven identity; its agent key is its public half. */
  readonly identity?: SecretIdentity | undefined;
}

export interface Settings {
  readonly url: string;
  readonly key: string | undefined;
  readonly agent: string | undefined;
  readonly name: string | undefined;
  readonly channel: string | undefined;
  readonly kind: "agent" | "human" | "service";
  readonly identity: SecretIdentity | undefined;
}

/** The hub of `npm start`, and its key. */
const LOCAL = { url: "http://127.0.0.1:8787", key: "dev-key" };

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Failed of usage when a value makes no sense */
export function settingsFrom(flags: Flags, env: Environment, kept: Kept): Settings {
  const first = (setting: "url" | "key" | "agent" | "name"): string | undefined =>
    // An empty variable is one that was not set.
    flags[setting] ?? (env[`CHANNEL_HUB_${setting.toUpperCase()}`] || kept[setting]);
  const [url, key, agent, name] = [first("url"), first("key"), first("agent"), first("name")];
  return {
    url: url === undefined ? LOCAL.url : checkedUrl(url),
    key: key ?? (url === undefined ? LOCAL.key : undefined),
    agent: agent && checked(field.agentKey, agent, "the agent key"),
    name: name && checked(field.participantName, name, "the name"),
    channel: env["CHANNEL_HUB_CHANNEL"] || kept.channel,
    kind: flags.kind ?? "agent",
    identity: kept.identity,
  };
}

function checkedUrl(url: string): string {
  if (/^(https?|wss?):$/.test(URL.parse(url)?.protocol ?? "")) return url;
  throw new Failed(EXIT.usage, `the hub's address must be an http or https URL, got "${url}"`);
}

function checked(schema: typeof field.agentKey, value: string, what: string): string {
  const result = check(schema, value, what);
  if (result.ok) return result.value;
  throw new Failed(EXIT.usage, `${what}: ${result.refusal.error}`);
}
