/**
 * Signed requests: HTTP Message Signatures (RFC 9421, Ed25519) in one profile (IDN2). Builds what is
 * signed and reads the headers that carry it; text in, text out, so that hub and client share it.
 * No cryptography here.
 *
 * Ours, not a library's: the profile is one line of text with five variable places, which a pattern
 * reads exactly. `http-message-sig`, the maintained library that runs in workerd, takes 23 kB for
 * every shape that the profile must refuse; the tests hold it against this file both ways.
 */
import { refuse, type Result, ok } from "./error.ts";

/** Seconds by which a signature's `created` may differ from the hub's clock. */
export const SIGNATURE_SKEW_S = 60;
/** An Ed25519 public key as agents are keyed by it: 32 bytes in lower-case hex. */
export const PUBLIC_KEY_PATTERN: RegExp = /^[0-9a-f]{64}$/;

/** What a request is sent to, as RFC 9421 §2.2 names it. */
export interface SignatureTarget {
  readonly method: string;
  /** Lower case; a port only where it is not the scheme's own. */
  readonly authority: string;
  readonly path: string;
  /** With its `?`; `?` alone where there is none (§2.2.7). */
  readonly query: string;
}

export interface SignatureParameters {
  /** Unix seconds. */
  readonly created: number;
  /** 16 to 64 of A-Z a-z 0-9 _ -, never used twice. */
  readonly nonce: string;
  readonly keyid: string;
}

/** The three headers of a signed request; `content-digest` exactly when there is a body. */
export interface SignatureHeaders {
  readonly "signature-input": string;
  readonly signature: string;
  readonly "content-digest"?: string;
}

export interface ParsedSignature extends SignatureParameters {
  /** The value of `@signature-params`, as it was sent. */
  readonly params: string;
  /** Base64 of 64 bytes. */
  readonly signature: string;
  /** The covered header as sent; undefined: the signature covers no body. */
  readonly content_digest?: string;
}

const DEFAULT_PORT = /^(?:(https|wss):\/\/(.*):443|(http|ws):\/\/(.*):80)$/;

/** The target of an absolute http(s) or ws(s) URL that is in canonical form already; undefined for anything else. */
export function signatureTarget(method: string, url: string): SignatureTarget | undefined {
  const [, origin = "", path = "", query] = /^((?:https?|wss?):\/\/[^/?#@\\]+)(\/[^?#]*)?(\?[^#]*)?$/.exec(url) ?? [];
  if (origin === "") return undefined;
  const [, , secure, , open] = DEFAULT_PORT.exec(origin) ?? [];
  const authority = (secure ?? open ?? origin.slice(origin.indexOf("//") + 2)).toLowerCase();
  return { method, authority, path: path === "" ? "/" : path, query: query ?? "?" };
}

/** The signature base (RFC 9421 §2.5): covered components in order, then the parameters. */
export function signatureBase(components: readonly (readonly [name: string, value: string])[], params: string): string {
  const lines = [...components, ["@signature-params", params] as const];
  return lines.map(([name, value]) => `"${name}": ${value}`).join("\n");
}

/** The base of a request in the hub's profile. */
export function profileBase(target: SignatureTarget, params: string, content_digest?: string): string {
  const { method, authority, path, query } = target;
  const components: [string, string][] = [
    ["@method", method],
    ["@authority", authority],
    ["@path", path],
    ["@query", query],
  ];
  if (content_digest !== undefined) components.push(["content-digest", content_digest]);
  return signatureBase(components, params);
}

/** The value of `@signature-params` in the hub's profile. */
export function profileParams({ created, nonce, keyid }: SignatureParameters, hasBody: boolean): string {
  const covered = `"@method" "@authority" "@path" "@query"${hasBody ? ' "content-digest"' : ""}`;
  return `(${covered});created=${created};nonce="${nonce}";keyid="${keyid}";alg="ed25519";tag="channel-hub"`;
}

/** The headers that carry a signature; `signature` is base64. */
export function signatureHeaders(params: string, signature: string, content_digest?: string): SignatureHeaders {
  const headers = { "signature-input": `hub=${params}`, signature: `hub=:${signature}:` };
  return content_digest === undefined ? headers : { ...headers, "content-digest": content_digest };
}

/** `sha-256=:…:` (RFC 9530 §2) from the digest's base64. */
export function contentDigest(sha256: string): string {
  return `sha-256=:${sha256}:`;
}

// hub=("@method" "@authority" "@path" "@query" "content-digest");created=1700000000;nonce="…";keyid="…";alg="ed25519";tag="channel-hub"
const INPUT =
  /^hub=(\("@method" "@authority" "@path" "@query"( "content-digest")?\);created=([1-9]\d{0,11});nonce="([A-Za-z0-9_-]{16,64})";keyid="([\x21\x23-\x5b\x5d-\x7e]{0,128})";alg="ed25519";tag="channel-hub")$/;
/** 64 bytes: the last of 86 letters carries two bits. */
const SIGNATURE = /^hub=:([A-Za-z0-9+/]{85}[AQgw]==):$/;
/** 32 bytes: the last of 43 letters carries four bits. */
const DIGEST = /^sha-256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=:$/;

/**
 * Reads the headers of a signed request; a missing one is null. Any other shape is refused: other
 * components or parameters, another order, a second label, a repeated header (which arrives joined
 * by a comma), base64 that is not canonical.
 */
export function parseSignature(
  input: string | null,
  signature: string | null,
  digest: string | null,
): Result<ParsedSignature> {
  const [, params, covered, created, nonce = "", keyid = ""] = INPUT.exec(input ?? "") ?? [];
  if (params === undefined) return malformed("Signature-Input", profileParams(EXAMPLE, true));
  const [, bytes] = SIGNATURE.exec(signature ?? "") ?? [];
  if (bytes === undefined) return malformed("Signature", ":base64 of 64 bytes:");
  const parsed = { params, created: Number(created), nonce, keyid, signature: bytes };
  if (covered === undefined) return ok(parsed);
  if (!DIGEST.test(digest ?? "")) {
    return refuse(
      "bad_signature",
      "Content-Digest is covered, so it must be sent: sha-256=:base64 of the body's SHA-256:",
    );
  }
  return ok({ ...parsed, content_digest: digest ?? "" });
}

const EXAMPLE: SignatureParameters = { created: 1, nonce: "…", keyid: "…" };

function malformed<T>(header: string, form: string): Result<T> {
  return refuse("bad_signature", `${header} must be in the hub's one form, once: hub=${form}`);
}
