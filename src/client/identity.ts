/**
 * An agent's proven identity: an Ed25519 key pair whose public half is the agent's key, and the
 * headers that sign a request with it (IDN2). Needs WebCrypto and `URL` and nothing else, so it runs
 * wherever the client does. The secret half is handed out once, for safe keeping, and never sent.
 */
import { contentDigest, profileBase, profileParams, signatureHeaders, signatureTarget } from "../protocol/signature.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A private key inside the host's WebCrypto. */
interface SigningKey {
  readonly type: string;
}

/** What is kept of an identity: the two halves of the key pair as in a JWK (RFC 8037), base64url of 32 bytes each. */
export interface SecretIdentity {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  /** The public half. */
  readonly x: string;
  /** The secret half. Whoever has it is the agent. */
  readonly d: string;
}

export interface Identity {
  /** The agent's key on the wire: the public half, 64 lower-case hex digits. */
  readonly key: string;
  readonly signing_key: SigningKey;
}

/** A request as it goes out: `url` absolute, `body` as the text or bytes that are sent. */
export interface UnsignedRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: string | Uint8Array | undefined;
  /** What to sign with: 16 to 64 of A-Z a-z 0-9 _ -, never used twice; without it, a random one. */
  readonly nonce?: string;
}

// The host's own, named here because this room is compiled without any host.
declare const crypto: {
  getRandomValues(bytes: Bytes): Bytes;
  readonly subtle: {
    generateKey(
      algorithm: "Ed25519",
      extractable: true,
      usages: readonly string[],
    ): Promise<{ privateKey: SigningKey }>;
    exportKey(format: "jwk", key: SigningKey): Promise<unknown>;
    importKey(
      format: "jwk",
      key: SecretIdentity,
      algorithm: "Ed25519",
      extractable: false,
      usages: readonly string[],
    ): Promise<SigningKey>;
    sign(algorithm: "Ed25519", key: SigningKey, data: Uint8Array): Promise<ArrayBuffer>;
    digest(algorithm: "SHA-256", data: Uint8Array): Promise<ArrayBuffer>;
  };
};
declare const URL: new (url: string) => { readonly href: string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const btoa: (binary: string) => string;
declare const atob: (base64: string) => string;

/** A new identity and the secret to keep of it. */
export async function createIdentity(): Promise<{ readonly identity: Identity; readonly secret: SecretIdentity }> {
  const { privateKey } = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const { x, d } = (await crypto.subtle.exportKey("jwk", privateKey)) as SecretIdentity;
  const secret = { kty: "OKP", crv: "Ed25519", x, d } as const;
  return { identity: await importIdentity(secret), secret };
}

/**
 * An identity from what `createIdentity` gave to keep.
 *
 * @throws when it is no Ed25519 key pair
 */
export async function importIdentity({ kty, crv, x, d }: SecretIdentity): Promise<Identity> {
  const signing_key = await crypto.subtle.importKey("jwk", { kty, crv, x, d }, "Ed25519", false, ["sign"]);
  return { key: hex(x), signing_key };
}

/**
 * The headers that prove who makes `request`, for one use: the hub takes a nonce once.
 *
 * @param now Unix milliseconds by the hub's clock, within a minute
 * @throws when `url` is not absolute
 */
export async function signRequest(
  { method, url, body, nonce = randomNonce() }: UnsignedRequest,
  identity: Identity,
  now: number,
): Promise<Record<string, string>> {
  const target = signatureTarget(method, new URL(url).href.replace(/#.*$/, ""));
  if (target === undefined) throw new TypeError("only http, https, ws and wss requests can be signed");
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const hasBody = bytes !== undefined && bytes.length > 0;
  const digest = hasBody ? contentDigest(base64(await crypto.subtle.digest("SHA-256", bytes))) : undefined;
  const params = profileParams({ created: Math.floor(now / 1000), nonce, keyid: identity.key }, hasBody);
  const base = new TextEncoder().encode(profileBase(target, params, digest));
  const signature = base64(await crypto.subtle.sign("Ed25519", identity.signing_key, base));
  return { ...signatureHeaders(params, signature, digest) };
}

/**
 * Signs every request of a client, as its option `authorize`. `offset` is what to add to this
 * machine's clock, in milliseconds, until a `clock_skew` refusal tells the hub's time: the client
 * then signs anew with that.
 *
 * @example const hub = new HubClient({ ...options, authorize: authorizeAs(identity) });
 */
export function authorizeAs(
  identity: Identity,
  offset: () => number = () => 0,
): (request: UnsignedRequest & { readonly now?: number }) => Promise<Record<string, string>> {
  return (request) => signRequest(request, identity, request.now ?? Date.now() + offset());
}

function randomNonce(): string {
  const random = base64(crypto.getRandomValues(new Uint8Array(16)).buffer);
  return random.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

function hex(base64url: string): string {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Array.from(binary, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}
