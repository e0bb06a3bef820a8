/**
 * Tickets (IDN3) let in what cannot send headers: a browser's WebSocket, a monitor. A ticket is
 * `payload.hmac`, both base64url. Its HMAC key comes from the digest of the hub key that asked, so
 * it dies with that key, and the hub stores nothing to issue one.
 */
import type { Kind, Pass } from "../../../protocol/index.ts";
import { type Bytes, encode, fromBase64Url, toBase64Url } from "../../between/bytes.ts";
import type { HubKey } from "../../between/key-list.ts";
import type { Strength } from "./caller.ts";

/** What a ticket grants, for one channel. */
export type Grant =
  | {
      /** One socket of one agent, once. */
      readonly use: "connect";
      readonly key: string;
      readonly name?: string | undefined;
      readonly kind?: Kind | undefined;
      readonly strength: Strength;
      /** Taken by the channel once, like a signature's nonce. */
      readonly nonce: string;
    }
  /** Sockets that only read. */
  | { readonly use: "watch" };

export interface Ticket {
  /** The hub key or pass that asked. */
  readonly kid: string;
  /** The pass, which the ticket is worth no more than. */
  readonly pass?: Pass | undefined;
  readonly channel_id: string;
  /** Unix milliseconds. */
  readonly expires_at: number;
  readonly grant: Grant;
}

/** Characters of a ticket at most: names and keys have their own bounds. */
const TICKET_LENGTH = 4096;
/** Begins a ticket that the hub's secret for passes has signed. */
const OF_PASS = "hubp.";
/** Characters of its HMAC that name a ticket: enough to tell two apart, too few to use one. */
const ID_LENGTH = 16;
const INFO = encode("channel-hub ticket 1");

export async function mintTicket(ticket: Ticket, key: HubKey): Promise<string> {
  const payload = toBase64Url(encode(JSON.stringify(ticket)));
  const mac = await crypto.subtle.sign("HMAC", await ticketKey(key), encode(payload));
  return `${ticket.pass === undefined ? "" : OF_PASS}${payload}.${toBase64Url(new Uint8Array(mac))}`;
}

/** Whether it says to be of one who came by a pass. */
export function isPassTicket(text: string): boolean {
  return text.startsWith(OF_PASS);
}

/** The ticket, if a key that is configured now made it and its time has not passed. `now` in Unix milliseconds. */
export async function verifyTicket(
  text: string,
  keys: readonly HubKey[],
  now: number,
): Promise<{ readonly ticket: Ticket; readonly key: HubKey; readonly id: string } | undefined> {
  const isOfPass = isPassTicket(text);
  const written = isOfPass ? text.slice(OF_PASS.length) : text;
  const [payload = "", mac = "", ...more] = text.length <= TICKET_LENGTH ? written.split(".") : [];
  if (payload === "" || more.length > 0) return undefined;
  const bytes = decode(mac);
  if (bytes === undefined) return undefined;
  // Which key made it is not said before it is proven: every key is tried, WebCrypto compares in constant time.
  const tried = await Promise.all(keys.map(async (key) => ((await isMac(key, bytes, payload)) ? key : undefined)));
  const key = tried.find((one) => one !== undefined);
  if (key === undefined) return undefined;
  const ticket = JSON.parse(new TextDecoder().decode(fromBase64Url(payload))) as Ticket;
  const isOfKey = isOfPass ? ticket.pass?.id === ticket.kid : ticket.kid === key.kid;
  return isOfKey && now < ticket.expires_at ? { ticket, key, id: mac.slice(0, ID_LENGTH) } : undefined;
}

async function isMac(key: HubKey, mac: Bytes, payload: string): Promise<boolean> {
  return await crypto.subtle.verify("HMAC", await ticketKey(key), mac, encode(payload));
}

async function ticketKey({ digest }: HubKey): Promise<CryptoKey> {
  const root = await crypto.subtle.importKey("raw", digest, "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: INFO };
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 256 };
  return await crypto.subtle.deriveKey(derivation, root, algorithm, false, ["sign", "verify"]);
}

/** Canonical base64url only, so that a ticket has one spelling. */
function decode(text: string): Bytes | undefined {
  try {
    const bytes = fromBase64Url(text);
    return toBase64Url(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}
