/**
 * Which hub, admitted by what, as whom: flags before environment before the file. Pure; the file is
 * read and written by `config-file.ts`.
 */
import type { SecretIdentity } from "../client/identity.ts";
import { check, field } from "../protocol/index.ts";
import { EXIT, Failed } from "./exit.ts";
import { checkedUrl } from "./hub-url.ts";
import { LOCAL_HUB } from "./origin.ts";

export interface Flags {
  readonly url?: string;
  readonly key?: string;
  readonly agent?: string;
  readonly name?: string;
  readonly kind?: "agent" | "human" | "service";
  /** Speak as the agent of this host, which `setup` connected in this folder. */
  readonly host?: string;
  /** The hub of this profile. */
  readonly profile?: string;
}

/** What the file may hold: settings, and those of other hubs under names. */
export interface Kept extends Profile {
  /** The one in use. */
  readonly profile?: string | undefined;
  readonly profiles?: Readonly<Record<string, Profile>> | undefined;
}

/** The settings for one hub. */
export interface Profile {
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

/** The key of `npm start`, which only that machine's own hubs take. */
const LOCAL_KEY = "dev-key";
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param origin the hub that the command was fetched from
 * @throws Failed of usage when a value makes no sense
 */
export function settingsFrom(flags: Flags, env: Environment, kept: Kept, origin?: string): Settings {
  const told = (setting: "url" | "key" | "agent" | "name"): string | undefined =>
    flags[setting] ?? given(env[`CHANNEL_HUB_${setting.toUpperCase()}`]);
  const [agent, name] = [told("agent") ?? kept.agent, told("name") ?? kept.name];
  const url = checkedUrl(told("url") ?? origin ?? kept.url ?? LOCAL_HUB);
  return {
    url,
    key: flags.key ?? keyOfEnvironment(flags, env) ?? keyFor(url, kept),
    agent: agent === undefined ? undefined : checked(field.agentKey, agent, "the agent key"),
    name: name === undefined ? undefined : checked(field.participantName, name, "the name"),
    channel: env["CHANNEL_HUB_CHANNEL"] || kept.channel,
    kind: flags.kind ?? "agent",
    identity: kept.identity,
  };
}

/** Variables that are settings. */
export const VARIABLES = ["URL", "KEY", "AGENT", "NAME", "CHANNEL", "PROFILE"].map((name) => `CHANNEL_HUB_${name}`);
/** What the command tells itself, and where the tests' hosts are kept. */
const OTHERS: ReadonlySet<string> = new Set(["CHANNEL_HUB_HANDED_OVER", "CHANNEL_HUB_HOSTS"]);

/** Variables that look like settings and are none: misspelt, perhaps. */
export function strangeVariables(env: Environment): readonly string[] {
  return Object.keys(env).filter(
    (name) => name.startsWith("CHANNEL_HUB_") && !VARIABLES.includes(name) && !OTHERS.has(name),
  );
}

/** As hosts write a variable in their settings, and hand it on where it is not set. */
const REFERENCE = /^(\$\w+|\$\{(env:)?\w+\}|\{env:\w+\})$/;

/** An empty variable is one that was not set, and so is one that only names itself. */
function given(value: string | undefined): string | undefined {
  return value === undefined || value === "" || REFERENCE.test(value) ? undefined : value;
}

/** The environment's key is for the environment's hub: another address, given as a flag, does not get it. */
function keyOfEnvironment(flags: Flags, env: Environment): string | undefined {
  const [key, own] = [given(env["CHANNEL_HUB_KEY"]), given(env["CHANNEL_HUB_URL"])];
  return flags.url === undefined || own === undefined || isSameOrigin(flags.url, own) ? key : undefined;
}

/** A key that is kept goes to the hub it was kept for, and nowhere else; over plain http only on this machine. */
function keyFor(url: string, { url: own = LOCAL_HUB, key }: Kept): string | undefined {
  const to = URL.parse(url);
  const isHere = LOOPBACK.test(to?.hostname ?? "");
  if (key === undefined || !isSameOrigin(own, url)) return isHere ? LOCAL_KEY : undefined;
  if (to?.protocol === "https:" || isHere) return key;
  const why = `the hub key that is kept is not sent to ${to?.host ?? url} over plain http`;
  throw new Failed(EXIT.usage, why, "use https; or give the key with CHANNEL_HUB_KEY, if the network is yours");
}

function isSameOrigin(a: string, b: string): boolean {
  return URL.parse(a)?.origin === URL.parse(b)?.origin;
}

function checked(schema: typeof field.agentKey, value: string, what: string): string {
  const result = check(schema, value, what);
  if (result.ok) return result.value;
  throw new Failed(EXIT.usage, `${what}: ${result.refusal.error}`);
}
