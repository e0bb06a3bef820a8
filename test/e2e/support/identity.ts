/** Hub keys of every scope and agents of every strength, for tests that try each against each. */
import { createHash, randomBytes } from "node:crypto";
import { type Identity, signRequest } from "../../../src/client/identity.ts";
import type { Answer } from "../../support/process/agent.ts";

export interface TestKey {
  /** The key's text. */
  readonly text: string;
  /** Its entry in `HUB_KEYS`. */
  readonly entry: string;
}

export function hubKey(kid: string, scope: "read" | "agent" | "admin", agent_key?: string): TestKey {
  const text = `hub_${kid}_${randomBytes(32).toString("base64url")}`;
  const hex = createHash("sha256").update(text).digest("hex");
  return { text, entry: [kid, scope, hex, ...(agent_key === undefined ? [] : [agent_key])].join(":") };
}

export interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly body?: object;
  /** Text of the hub key. */
  readonly as: string;
  readonly by?: Identity | undefined;
}

/** One request as it goes out: sent once, or again. */
export interface Prepared {
  readonly url: string;
  readonly init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string };
}

export async function prepare(origin: string, { path, body, method, as, by }: Asked): Promise<Prepared> {
  const [url, text] = [origin + path, body === undefined ? undefined : JSON.stringify(body)];
  const asked = { method: method ?? (text === undefined ? "GET" : "POST"), url, body: text };
  const proof = by === undefined ? {} : await signRequest(asked, by, Date.now());
  const headers = { "x-spf-key": as, ...proof };
  return { url, init: { method: asked.method, headers, ...(text !== undefined && { body: text }) } };
}

export async function deliver({ url, init }: Prepared): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export async function ask(origin: string, asked: Asked): Promise<Answer> {
  return await deliver(await prepare(origin, asked));
}

/** What came of it in a word: `ok` or the code. */
export function outcome({ status, body }: Pick<Answer, "status" | "body">): string {
  return status === 200 ? "ok" : `${status} ${body.code}`;
}
