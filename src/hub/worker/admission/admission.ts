/**
 * Who may use this hub at all (KEY1, KEY2), for what, and from which pages. Decided in the Worker
 * before any object is touched; who the caller *is* follows in `caller.ts`, and whether its scope is
 * enough where the route is (`handlers.ts`): nothing here depends on how a path is spelt.
 */
import { isWithin, ok, type Pass, quote, refuse, type Result, type Scope } from "../../../protocol/index.ts";
import { readAddress } from "./address.ts";
import { configurationProblem } from "./configuration.ts";
import type { Env } from "../../between/env.ts";
import type { HubKey } from "../../between/key-list.ts";
import { findKey, isKeyInUrl, isLoopback, readKeys } from "../../between/keys.ts";
import { isNamed, isSameSite, readOrigins } from "./origins.ts";
import { keyOf, passIn, passSigner } from "./passes.ts";
import { isPassTicket, type Ticket, verifyTicket } from "./ticket.ts";

/** What admission found out about a request. */
export interface Admission {
  /** Every key that counts now. */
  readonly keys: readonly HubKey[];
  /** The one that admitted this request, itself or through its ticket. */
  readonly key: HubKey;
  /** What the request may do; of a watch ticket, read. */
  readonly scope: Scope;
  readonly ticket?: Ticket;
  /** The pass that the key stands for. */
  readonly pass?: Pass | undefined;
  /** Names the ticket. */
  readonly via?: string;
}

/** The subprotocol that the hub selects, and the prefix of the one that carries a ticket. */
export const SUBPROTOCOL = "spf.v1";
const TICKET_PREFIX = "spf.ticket.";

/** `upgrade_of`: the id in the path of an upgrade, as the router reads it; other routes take no ticket. */
export async function admit(request: Request, upgrade_of: string | undefined, env: Env): Promise<Result<Admission>> {
  const url = new URL(request.url);
  const problem = configurationProblem(env);
  if (problem !== undefined) return refuse("hub_not_configured", problem);
  const keys = await readKeys(env, url.hostname);
  if (!keys.ok) return keys;
  if (await isKeyInUrl(keys.value, url, env.HUB_KEY ?? "")) {
    return refuse(
      "secret_in_url",
      "the hub key must not stand in a URL, where logs keep it; send it as x-spf-key and change it",
    );
  }
  const origin = request.headers.get("origin");
  if (!isOwnOrigin(origin, url, env)) {
    const page = `pages of the origin "${quote(origin ?? "")}"`;
    return refuse("origin_forbidden", `${page} may not use the hub; its owner can name that origin in HUB_ORIGINS`);
  }
  const byTicket = upgrade_of === undefined ? undefined : await admitByTicket(request, upgrade_of, keys.value, env);
  return byTicket ?? (await admitByKey(request, keys.value, env));
}

async function admitByKey(request: Request, keys: readonly HubKey[], env: Env): Promise<Result<Admission>> {
  const given = givenKey(request.headers);
  if (given === undefined) return refuse("unauthorized", "the hub key is missing; send it as the header x-spf-key");
  const pass = await passIn(env, given, Date.now());
  if (!pass.ok) return pass;
  const key = pass.value === undefined ? await findKey(keys, given) : keyOf(pass.value);
  return key === undefined
    ? refuse("unauthorized", "the hub key is wrong; send the right one as the header x-spf-key")
    : ok({ keys, key, scope: key.scope, pass: pass.value });
}

/** Whether there is a key to be wrong. */
export function givesKey(headers: Headers): boolean {
  return (givenKey(headers) ?? "") !== "";
}

/** `x-spf-key: KEY` or `Authorization: Bearer KEY`. */
function givenKey(headers: Headers): string | undefined {
  const own = headers.get("x-spf-key");
  if (own !== null) return own;
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/** Undefined: there is no ticket. */
async function admitByTicket(
  { url, headers }: Request,
  channel_id: string,
  keys: readonly HubKey[],
  env: Env,
): Promise<Result<Admission> | undefined> {
  const inUrl = new URL(url).searchParams.get("ticket") ?? undefined;
  const text = ticketIn(headers) ?? inUrl;
  if (text === undefined) return undefined;
  const now = Date.now();
  const signers = isPassTicket(text) ? await passSigner(env, now) : ok(keys);
  if (!signers.ok) return signers;
  const verified = await verifyTicket(text, signers.value, now);
  if (verified === undefined || verified.ticket.channel_id !== channel_id) {
    return refuse(
      "unauthorized",
      "the ticket is wrong, for another channel, or its time has passed; ask POST /api/ticket for a new one",
    );
  }
  const { ticket, id: via } = verified;
  const { pass } = ticket;
  const key = pass === undefined ? verified.key : keyOf(pass);
  if (ticket.grant.use === "watch") return ok({ keys, key, scope: "read", ticket, via, pass });
  if (text === inUrl)
    return refuse("secret_in_url", "a connect ticket must not stand in a URL; send it as a subprotocol");
  if (isWithin("agent", key.scope)) return ok({ keys, key, scope: key.scope, ticket, pass });
  return refuse("forbidden_scope", "the hub key that asked for this ticket may no longer speak");
}

/** The ticket among the offered subprotocols (`Sec-WebSocket-Protocol: spf.v1, spf.ticket.…`). */
function ticketIn(headers: Headers): string | undefined {
  const offered = offeredProtocols(headers).find((one) => one.startsWith(TICKET_PREFIX));
  return offered?.slice(TICKET_PREFIX.length);
}

export function offeredProtocols(headers: Headers): readonly string[] {
  return (headers.get("sec-websocket-protocol") ?? "").split(",").map((one) => one.trim());
}

/** Browsers send `Origin` with whatever a page does; a page of another site must not use the hub through its reader. */
function isOwnOrigin(origin: string | null, url: URL, env: Env): boolean {
  if (origin === null || isSharedOrigin(origin, url, env)) return true;
  // A developer's hub takes any Host: a foreign name that resolves to this machine (DNS rebinding) is not its own.
  if (env.HUB_DEV === "1" && !isLoopback(url.hostname)) return false;
  return isSameSite(origin, url);
}

/** Whether the owner named this origin, in `HUB_ORIGINS` or as the hub's own address. */
export function isSharedOrigin(origin: string, url: URL, { HUB_ORIGINS = "", HUB_URL = "" }: Env): boolean {
  const origins = readOrigins(HUB_ORIGINS);
  const address = readAddress(HUB_URL);
  const own = address.ok && address.value !== undefined ? [address.value.origin] : [];
  return origins.ok && isNamed(origin, url, [...origins.value, ...own]);
}
