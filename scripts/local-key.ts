/**
 * Which hub key a hub on this machine gets (KEY2): `HUB_KEY` of the environment, else of
 * `.dev.vars`, else of `--var`, else `dev-key`, which only works from this machine. Used by
 * `npm start`. A key that somebody chose is never printed and never put on a command line.
 */
import { chmodSync, statSync } from "node:fs";
import { parseEnv } from "node:util";

/** Shorter keys work from this machine only. */
const KEY_LENGTH_MIN = 24;
const DEV_KEY = "dev-key";
/** What survives the way through a variables file unchanged. */
const PLAIN = /^[\w.~+/=:@-]+$/;

export interface LocalKey {
  readonly text: string;
  readonly from: "default" | "environment" | ".dev.vars" | "--var";
}

export interface KeySources {
  readonly environment: string | undefined;
  /** Contents of `.dev.vars`; empty when there is none. */
  readonly devVars: string;
  /** `NAME:VALUE` as given with `--var`. */
  readonly variables: readonly string[];
}

export function localKey({ environment, devVars, variables }: KeySources): LocalKey {
  const stored = parseEnv(devVars)["HUB_KEY"];
  const given = variables.findLast((variable) => variable.startsWith("HUB_KEY:"))?.slice("HUB_KEY:".length);
  if (environment) return { text: environment, from: "environment" };
  if (stored) return { text: stored, from: ".dev.vars" };
  if (given) return { text: given, from: "--var" };
  return { text: DEV_KEY, from: "default" };
}

/** Why the hub must not start with this key; undefined when it may. `ip` is what it listens on. */
export function keyProblem({ text, from }: LocalKey, ip: string): string | undefined {
  if (from === "environment" && !PLAIN.test(text)) {
    return "HUB_KEY in the environment may hold letters, digits and _ . ~ + / = : @ - only; choose another";
  }
  if (isLoopback(ip) || text.length >= KEY_LENGTH_MIN) return undefined;
  return `--ip ${ip} opens the hub to other machines: set HUB_KEY to a secret of at least ${KEY_LENGTH_MIN} characters`;
}

/** A file of keys is its owner's alone; what to say where it was not. Windows knows no such rights. */
export function closeToOthers(path: string): string | undefined {
  if (process.platform === "win32" || (statSync(path).mode & 0o077) === 0) return undefined;
  chmodSync(path, 0o600);
  return `${path} could be read by others on this machine; only you can read it now. Change its keys if others use this machine.`;
}

export function isLoopback(ip: string): boolean {
  return ip === "localhost" || ip === "::1" || ip.startsWith("127.");
}
