/**
 * The text of a pass (ACC1): signed by the hub with a secret that its index keeps. HMAC, since nobody
 * else needs to verify one: some 2 µs, where Ed25519 takes 40.
 */
import { type Pass, PASS_TEXT } from "../../protocol/index.ts";
import { type Bytes, encode, fromBase64Url, toBase64Url } from "./bytes.ts";

const PREFIX = "hubp_";
const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/** Passes that ended, by their numbers: one, or all below. */
export type EndedPasses = { readonly pass: number } | { readonly below: number };

/** What signs passes, of the index's secret: 32 bytes. */
export async function passKey(secret: Bytes): Promise<CryptoKey> {
  return await crypto.subtle.importKey("raw", secret, ALGORITHM, false, ["sign", "verify"]);
}

export async function writePass(pass: Pass, key: CryptoKey): Promise<string> {
  const payload = toBase64Url(encode(JSON.stringify(pass)));
  const mac = await crypto.subtle.sign("HMAC", key, encode(payload));
  return `${PREFIX}${payload}.${toBase64Url(new Uint8Array(mac))}`;
}

/** Undefined: the hub did not write this. WebCrypto compares in constant time. */
export async function readPass(text: string, key: CryptoKey): Promise<Pass | undefined> {
  const [, payload, written] = PASS_TEXT.exec(text) ?? [];
  if (payload === undefined || written === undefined) return undefined;
  const mac = fromBase64Url(written);
  // One pass has one spelling: the last letter of a MAC holds two bits that mean nothing.
  if (toBase64Url(mac) !== written) return undefined;
  if (!(await crypto.subtle.verify("HMAC", key, mac, encode(payload)))) return undefined;
  return JSON.parse(new TextDecoder().decode(fromBase64Url(payload))) as Pass;
}
