/** Bytes as text and back, and their digest: what keys, tickets and signatures are written in. */

export type Bytes = Uint8Array<ArrayBuffer>;

export async function sha256(input: Bytes | string): Promise<Bytes> {
  const bytes = typeof input === "string" ? encode(input) : input;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export function encode(text: string): Bytes {
  // Copied, because the encoder's type allows memory that is shared, which WebCrypto's does not.
  return new Uint8Array(new TextEncoder().encode(text));
}

/** Bytes of hex digits, two each. */
export function fromHex(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toBase64(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes));
}

/** @throws on anything that is not base64 */
export function fromBase64(base64: string): Bytes {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** Without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Bytes): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @throws on anything that is not base64url */
export function fromBase64Url(base64url: string): Bytes {
  return fromBase64(base64url.replaceAll("-", "+").replaceAll("_", "/"));
}
