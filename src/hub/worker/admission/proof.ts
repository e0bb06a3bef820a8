/**
 * Verifies a signed request (IDN2): canonical URL, header syntax, form of the key, clock, digest of
 * the body, signature, in that order. What it proves is the caller; an invalid signature never
 * falls back to a plain claim. Replay is judged where the command is decided, not here.
 */
import {
  contentDigest,
  ok,
  parseSignature,
  profileBase,
  PUBLIC_KEY_PATTERN,
  refusal,
  type Refusal,
  refuse,
  type Result,
  SIGNATURE_SKEW_S,
  signatureTarget,
} from "../../../protocol/index.ts";
import { type Bytes, encode, fromBase64, fromHex, sha256, toBase64 } from "../../between/bytes.ts";

/** Who signed, and the nonce that makes the request one of its kind. */
export interface Proven {
  readonly key: string;
  readonly nonce: string;
}

/**
 * The points of small order by their y coordinate, little-endian, sign bit masked: 14 encodings.
 * Anybody can sign for them, and workerd's verifier takes them.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** Whether a request claims to be signed; then only a right signature will do. */
export function isSigned(headers: Headers): boolean {
  return headers.has("signature") || headers.has("signature-input");
}

/** `body` is what was read of the request, its URL as its caller wrote it; `now` Unix milliseconds. */
export async function verifyRequest(
  { method, url, headers }: Pick<Request, "method" | "url" | "headers">,
  body: Bytes,
  now: number,
): Promise<Result<Proven>> {
  const target = isCanonical(url) ? signatureTarget(method, url) : undefined;
  if (target === undefined) {
    return refuse(
      "bad_target",
      "the URL of a signed request must be canonical: no dot segments, no `?` without a query, encoded as URL.href writes it",
    );
  }
  const names = ["signature-input", "signature", "content-digest"] as const;
  const [input, signature, digest] = names.map((name) => headers.get(name));
  const parsed = parseSignature(input ?? null, signature ?? null, digest ?? null);
  if (!parsed.ok) return parsed;
  const { keyid: key, nonce, params, content_digest } = parsed.value;
  const wrong = wrongKey(key) ?? wrongTime(parsed.value.created, now) ?? (await wrongBody(body, content_digest));
  if (wrong !== undefined) return { ok: false, refusal: wrong };
  const base = encode(profileBase(target, params, content_digest));
  if (await isSignature(key, fromBase64(parsed.value.signature), base)) return ok({ key, nonce });
  const signed = `${method} ${target.authority}${target.path}`;
  return refuse(
    "bad_signature",
    `the signature is not one of ${key.slice(0, 8)}… over this request as it arrived, ${signed}`,
  );
}

/** WebCrypto refuses signatures whose S is not below the group's order (RFC 8032 §5.1.7), so none can be altered. */
export async function isSignature(key: string, signature: Bytes, base: Bytes): Promise<boolean> {
  try {
    const verifying = await crypto.subtle.importKey("raw", fromHex(key), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", verifying, signature, base);
  } catch {
    // 32 bytes that are no point of the curve.
    return false;
  }
}

function isCanonical(url: string): boolean {
  const { origin, pathname, search } = new URL(url);
  return url === origin + pathname + search;
}

function wrongKey(key: string): Refusal | undefined {
  if (!PUBLIC_KEY_PATTERN.test(key)) {
    return refusal(
      "bad_signature",
      "keyid must be the Ed25519 public key, which is the agent key: 64 lower-case hex digits",
    );
  }
  const last = Number.parseInt(key.slice(62), 16) & 0x7f;
  const masked = key.slice(0, 62) + last.toString(16).padStart(2, "0");
  return SMALL_ORDER.has(masked)
    ? refusal("bad_signature", "keyid is a point of small order, which proves nobody")
    : undefined;
}

function wrongTime(created: number, now: number): Refusal | undefined {
  if (Math.abs(now - created * 1000) <= SIGNATURE_SKEW_S * 1000) return undefined;
  const server_time = Math.floor(now / 1000);
  const late = server_time - created;
  const text = `created is ${Math.abs(late)} s ${late > 0 ? "before" : "after"} the hub's clock, more than ${SIGNATURE_SKEW_S}; set yours by server_time and sign again`;
  return refusal("clock_skew", text, { server_time });
}

async function wrongBody(body: Bytes, covered: string | undefined): Promise<Refusal | undefined> {
  if (body.length === 0 && covered === undefined) return undefined;
  if (covered === undefined) return refusal("bad_signature", 'there is a body, so "content-digest" must be covered');
  if (body.length === 0) return refusal("bad_signature", 'there is no body, so "content-digest" must not be covered');
  if (contentDigest(toBase64(await sha256(body))) === covered) return undefined;
  return refusal("bad_signature", "Content-Digest is not the SHA-256 of the body as it arrived");
}
