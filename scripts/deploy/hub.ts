/** Asks a deployed hub what it is, and says where that is not what its owner wanted. */
import { setTimeout as sleep } from "node:timers/promises";
import { configurationProblem } from "../../src/hub/worker/admission/configuration.ts";
import { parseKeys } from "../../src/hub/between/key-list.ts";
import { LIMITS, type LimitName, readLimits } from "../../src/protocol/index.ts";
import type { Secrets } from "./secrets.ts";

/** What the hub is to be. */
export interface Wanted {
  readonly secrets: Secrets;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What `GET /api/hub` tells an admin, as far as a deploy decides it. */
export interface Facts {
  readonly version: string;
  /** `kid scope`, and `for AGENT_KEY` where the key is bound. */
  readonly keys: readonly string[];
  readonly limits: Readonly<Record<string, number | null>>;
  readonly require_verified: boolean;
}

export type HubAnswer =
  | { readonly kind: "facts"; readonly facts: Facts }
  | { readonly kind: "refused"; readonly status: number; readonly code: string; readonly error: string }
  | { readonly kind: "silent"; readonly why: string };

/** The edge takes a new version to all of its places within seconds. */
const PATIENCE_MS = 30_000;
const POLL_MS = 500;
const ANSWER_MS = 10_000;

/** Without a key it is asked all the same: a hub that is closed says so, and one without keys too. */
export async function askHub(url: string, key: string | undefined): Promise<HubAnswer> {
  try {
    const headers: Record<string, string> = key === undefined ? {} : { "x-spf-key": key };
    const response = await fetch(`${url}/api/hub`, {
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return readAnswer(response.status, await response.text());
  } catch (error) {
    return { kind: "silent", why: reason(error) };
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function readAnswer(status: number, text: string): HubAnswer {
  const body = parse(text);
  if (body === undefined || typeof body["ok"] !== "boolean") {
    return { kind: "silent", why: `the server there is not a Channel Hub (status ${status})` };
  }
  if (body["ok"]) return { kind: "facts", facts: readFacts(body) };
  return { kind: "refused", status, code: String(body["code"]), error: String(body["error"]) };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    // A page of somebody else's, which is told as such.
    return undefined;
  }
}

function readFacts(body: Record<string, unknown>): Facts {
  const keys = body["keys"] as readonly { readonly kid: string; readonly scope: string; readonly agent_key?: string }[];
  return {
    version: String(body["version"]),
    keys: keys.map(describeKey),
    limits: body["limits"] as Facts["limits"],
    require_verified: body["require_verified"] === true,
  };
}

function describeKey({ kid, scope, agent_key }: { kid: string; scope: string; agent_key?: string }): string {
  return `${kid} ${scope}${agent_key === undefined ? "" : ` for ${agent_key}`}`;
}

/** The keys as the hub will tell them. */
export function wantedKeys({ HUB_KEY, HUB_KEYS = "" }: Secrets): readonly string[] {
  const listed = parseKeys(HUB_KEYS);
  const own = HUB_KEY === undefined ? [] : ["HUB_KEY admin"];
  return [...own, ...(listed.ok ? listed.value.map(describeKey) : [])];
}

/** What the hub would say of these variables; undefined when they make sense. */
export function wantedProblem({ secrets, variables }: Wanted): string | undefined {
  return configurationProblem({ ...variables, ...secrets });
}

/** Each difference between what is wanted and what is, as a line; none: the hub is as wanted. */
export function differences(wanted: Wanted, facts: Facts): readonly string[] {
  const keys = wantedKeys(wanted.secrets);
  const limits = readLimits(wanted.variables);
  const unlike = (Object.keys(LIMITS) as LimitName[]).filter((name) => shown(limits[name]) !== facts.limits[name]);
  const require_verified = wanted.variables["HUB_REQUIRE_VERIFIED"] === "1";
  return [
    ...facts.keys.filter((key) => !keys.includes(key)).map((key) => `- key ${key}`),
    ...keys.filter((key) => !facts.keys.includes(key)).map((key) => `+ key ${key}`),
    ...unlike.map((name) => `  ${name} ${word(facts.limits[name])} → ${word(shown(limits[name]))}`),
    ...(require_verified === facts.require_verified
      ? []
      : [`  HUB_REQUIRE_VERIFIED ${facts.require_verified ? 1 : 0} → ${require_verified ? 1 : 0}`]),
  ];
}

/** JSON has no infinity. */
function shown(limit: number): number | null {
  return limit === Infinity ? null : limit;
}

function word(limit: number | null | undefined): string {
  return limit === null ? "unlimited" : String(limit);
}

/** Asks until the hub is as wanted, for as long as a new version may be on its way; gives what is not. */
export async function verify(url: string, wanted: Wanted, patience_ms = PATIENCE_MS): Promise<readonly string[]> {
  const until = Date.now() + patience_ms;
  for (;;) {
    const problems = problemsOf(await askHub(url, wanted.secrets.HUB_KEY), wanted);
    if (problems.length === 0 || Date.now() >= until) return problems;
    await sleep(POLL_MS);
  }
}

function problemsOf(answer: HubAnswer, wanted: Wanted): readonly string[] {
  if (answer.kind === "silent") return [`it does not answer: ${answer.why}`];
  if (answer.kind === "facts") return differences(wanted, answer.facts);
  // Only an admin's key may ask; without its text, that the hub is closed is all that can be seen.
  if (wanted.secrets.HUB_KEY === undefined && answer.code === "unauthorized") return [];
  if (answer.code === "unauthorized") return ["it refuses the hub key that this machine has"];
  return [`it refuses everything (${answer.code}): ${answer.error}`];
}
