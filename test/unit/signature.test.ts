/** What signed requests look like: RFC 9421's own example, the hub's profile, and nothing beside it (IDN2). */
import { createSignature, verifySignature, webcrypto } from "http-message-sig";
import { expect, test } from "vitest";
import { createIdentity, importIdentity, signRequest } from "../../src/client/identity.ts";
import {
  contentDigest,
  parseSignature,
  profileBase,
  profileParams,
  signatureBase,
  signatureTarget,
} from "../../src/protocol/index.ts";
import { RFC_BASE, RFC_COMPONENTS, RFC_KEY, RFC_PARAMS, RFC_SIGNATURE } from "../support/rfc9421.ts";

test("[IDN2] the base of RFC 9421's Ed25519 example is the RFC's, and its key signs it as there", async () => {
  const base = signatureBase(RFC_COMPONENTS, RFC_PARAMS);
  expect(base).toBe(RFC_BASE);
  const key = await crypto.subtle.importKey("jwk", RFC_KEY, "Ed25519", false, ["sign"]);
  const signature = await crypto.subtle.sign("Ed25519", key, Buffer.from(base));
  expect(Buffer.from(signature).toString("base64")).toBe(RFC_SIGNATURE);
});

const KEY = "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb";
const NONCE = "AAECAwQFBgcICQoLDA0ODw";
const EMPTY_DIGEST = contentDigest("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
const PARAMS = profileParams({ created: 1_700_000_000, nonce: NONCE, keyid: KEY }, false);
const COVERING = profileParams({ created: 1_700_000_000, nonce: NONCE, keyid: KEY }, true);
const SIGNATURE = `hub=:${RFC_SIGNATURE}:`;

test("[IDN2] a signed request carries these headers, and the same ones each time", async () => {
  const identity = await importIdentity(RFC_KEY);
  expect(identity.key).toBe(KEY);
  const request = { method: "POST", url: "https://Hub.Example:443/api/channel/send#x", body: '{"text":"hé"}' };
  const headers = await signRequest({ ...request, nonce: NONCE }, identity, 1_700_000_000_999);
  expect(headers).toEqual({
    "signature-input": `hub=("@method" "@authority" "@path" "@query" "content-digest");created=1700000000;nonce="${NONCE}";keyid="${KEY}";alg="ed25519";tag="channel-hub"`,
    signature: expect.stringMatching(/^hub=:[A-Za-z0-9+/]{86}==:$/),
    "content-digest": expect.stringMatching(/^sha-256=:[A-Za-z0-9+/]{43}=:$/),
  });
  expect(await signRequest({ ...request, nonce: NONCE }, identity, 1_700_000_000_000)).toEqual(headers);
});

test("[IDN2] without a body no digest is sent or covered; every request gets a nonce of its own", async () => {
  const { identity, secret } = await createIdentity();
  expect(identity.key).toMatch(/^[0-9a-f]{64}$/);
  expect((await importIdentity(secret)).key).toBe(identity.key);
  const asked = { method: "GET", url: "wss://hub.example/ws/channel/ch-1?key=x" };
  const [first, second] = await Promise.all([signRequest(asked, identity, 0), signRequest(asked, identity, 0)]);
  expect(Object.keys(first)).toEqual(["signature-input", "signature"]);
  expect(first["signature-input"]).not.toBe(second["signature-input"]);
});

test("[IDN2] an identity that is no key pair, and a URL that is none, are refused at once", async () => {
  const other = (await createIdentity()).secret;
  await expect(importIdentity({ ...RFC_KEY, x: other.x })).rejects.toThrow(Error);
  const identity = await importIdentity(RFC_KEY);
  await expect(signRequest({ method: "GET", url: "/api" }, identity, 0)).rejects.toThrow(TypeError);
  await expect(signRequest({ method: "GET", url: "file:///x" }, identity, 0)).rejects.toThrow("can be signed");
});

const TARGETS: readonly (readonly [url: string, authority: string, path: string, query: string])[] = [
  ["https://hub.example", "hub.example", "/", "?"],
  ["https://hub.example/", "hub.example", "/", "?"],
  ["https://HUB.example/a/b", "hub.example", "/a/b", "?"],
  ["https://hub.example:443/a?x=1&y=2", "hub.example", "/a", "?x=1&y=2"],
  ["https://hub.example:80/a", "hub.example:80", "/a", "?"],
  ["http://hub.example:80/a", "hub.example", "/a", "?"],
  ["http://127.0.0.1:8787/?", "127.0.0.1:8787", "/", "?"],
  ["ws://[::1]:8787/ws?a=b?c", "[::1]:8787", "/ws", "?a=b?c"],
  ["wss://hub.example:443/ws/channel/ch-1?key=%C3%A9", "hub.example", "/ws/channel/ch-1", "?key=%C3%A9"],
];

test.each(TARGETS)("[IDN2] the target of %s", (url, authority, path, query) => {
  expect(signatureTarget("GET", url)).toEqual({ method: "GET", authority, path, query });
});

test.each(["/a", "ftp://h/a", "https://u@h/a", "https://h/a#b", "https:///a", "https://h\\a", ""])(
  "[IDN2] %s is no target",
  (url) => {
    expect(signatureTarget("GET", url)).toBeUndefined();
  },
);

test("[IDN2] the headers are read back as they were made", () => {
  const common = { created: 1_700_000_000, nonce: NONCE, keyid: KEY, signature: RFC_SIGNATURE };
  expect(parseSignature(`hub=${PARAMS}`, SIGNATURE, null)).toEqual({ ok: true, value: { ...common, params: PARAMS } });
  expect(parseSignature(`hub=${COVERING}`, SIGNATURE, EMPTY_DIGEST)).toEqual({
    ok: true,
    value: { ...common, params: COVERING, content_digest: EMPTY_DIGEST },
  });
});

test("[IDN2] a digest that the signature does not cover is not looked at", () => {
  expect(parseSignature(`hub=${PARAMS}`, SIGNATURE, "nonsense")).toMatchObject({ ok: true });
});

const INPUTS: readonly (readonly [what: string, input: string | null])[] = [
  ["none", null],
  ["empty", ""],
  ["another label", `sig1=${PARAMS}`],
  ["a second label", `hub=${PARAMS}, sig1=${PARAMS}`],
  ["a label before", `sig1=${PARAMS}, hub=${PARAMS}`],
  ["the header twice", `hub=${PARAMS}, hub=${PARAMS}`],
  ["space around", ` hub=${PARAMS}`],
  ["a component less", `hub=${PARAMS.replace(' "@query"', "")}`],
  ["a component more", `hub=${PARAMS.replace('"@query"', '"@query" "date"')}`],
  ["a component twice", `hub=${PARAMS.replace('"@query"', '"@query" "@query"')}`],
  ["another order", `hub=${PARAMS.replace('"@method" "@authority"', '"@authority" "@method"')}`],
  ["a component's parameter", `hub=${PARAMS.replace('"@query"', '"@query";req')}`],
  ["@target-uri", `hub=${PARAMS.replace('"@path" "@query"', '"@target-uri"')}`],
  ["no component", `hub=${PARAMS.replace(/\(.*\)/, "()")}`],
  ["two spaces", `hub=${PARAMS.replace('" "', '"  "')}`],
  ["no created", `hub=${PARAMS.replace(/;created=\d+/, "")}`],
  ["created as text", `hub=${PARAMS.replace(/created=(\d+)/, 'created="$1"')}`],
  ["created with a fraction", `hub=${PARAMS.replace(/created=(\d+)/, "created=$1.0")}`],
  ["created below zero", `hub=${PARAMS.replace("created=", "created=-")}`],
  ["created with a zero before", `hub=${PARAMS.replace("created=", "created=0")}`],
  ["expires", `hub=${PARAMS.replace(";nonce", ";expires=1900000000;nonce")}`],
  ["no nonce", `hub=${PARAMS.replace(/;nonce="[^"]*"/, "")}`],
  ["a short nonce", `hub=${PARAMS.replace(NONCE, NONCE.slice(0, 15))}`],
  ["a long nonce", `hub=${PARAMS.replace(NONCE, "x".repeat(65))}`],
  ["a nonce of other characters", `hub=${PARAMS.replace(NONCE, `${NONCE}=`)}`],
  ["a quoted quote", `hub=${PARAMS.replace(KEY, '\\"')}`],
  ["another algorithm", `hub=${PARAMS.replace("ed25519", "hmac-sha256")}`],
  ["no algorithm", `hub=${PARAMS.replace(';alg="ed25519"', "")}`],
  ["another tag", `hub=${PARAMS.replace("channel-hub", "web-bot-auth")}`],
  ["parameters in another order", `hub=${PARAMS.replace(/(;nonce="[^"]*")(;keyid="[^"]*")/, "$2$1")}`],
  ["something after", `hub=${PARAMS};x`],
];

test.each(INPUTS)("[IDN2] Signature-Input with %s is refused", (_what, input) => {
  const refused = parseSignature(input, SIGNATURE, EMPTY_DIGEST);
  expect(refused).toMatchObject({ ok: false, refusal: { code: "bad_signature" } });
  expect(refused.ok ? "" : refused.refusal.error).toContain(
    "Signature-Input must be in the hub's one form, once: hub=(",
  );
});

const SIGNATURES: readonly (readonly [what: string, signature: string | null])[] = [
  ["none", null],
  ["another label", SIGNATURE.replace("hub", "sig1")],
  ["a second label", `${SIGNATURE}, sig1=:AA==:`],
  ["no colons", SIGNATURE.replaceAll(":", "")],
  ["63 bytes", `hub=:${Buffer.alloc(63).toString("base64")}:`],
  ["65 bytes", `hub=:${Buffer.alloc(65).toString("base64")}:`],
  ["base64url", SIGNATURE.replace("wqcA", "-_-_")],
  ["no padding", SIGNATURE.replace("==", "")],
  ["bits in the padding", SIGNATURE.replace("w==", "x==")],
];

test.each(SIGNATURES)("[IDN2] Signature with %s is refused", (_what, signature) => {
  const says = "Signature must be in the hub's one form, once: hub=:base64 of 64 bytes:";
  expect(parseSignature(`hub=${PARAMS}`, signature, null)).toMatchObject({
    ok: false,
    refusal: { code: "bad_signature", error: says },
  });
});

const DIGESTS: readonly (readonly [what: string, digest: string | null])[] = [
  ["none", null],
  ["another algorithm", EMPTY_DIGEST.replace("sha-256", "sha-512")],
  ["two algorithms", `${EMPTY_DIGEST}, sha-512=:AA==:`],
  ["31 bytes", contentDigest(Buffer.alloc(31).toString("base64"))],
  ["bits in the padding", EMPTY_DIGEST.replace("FU=", "FV=")],
];

test.each(DIGESTS)("[IDN2] Content-Digest with %s is refused where it is covered", (_what, digest) => {
  expect(parseSignature(`hub=${COVERING}`, SIGNATURE, digest)).toMatchObject({
    ok: false,
    refusal: { code: "bad_signature", error: expect.stringContaining("Content-Digest is covered, so it must be sent") },
  });
});

const COMPONENTS = ["@method", "@authority", "@path", "@query"];
const REQUESTS: readonly (readonly [method: string, url: string, body: string | undefined])[] = [
  ["GET", "https://hub.example/api/channel/list", undefined],
  ["GET", "https://hub.example:8443/ws/channel/ch-1?key=%C3%A9&name=a+b", undefined],
  ["POST", "http://127.0.0.1:8787/api/channel/send", '{"text":"日本"}'],
];

test.each(REQUESTS)(
  "[IDN2] another implementation of RFC 9421 takes our signature: %s %s",
  async (method, url, body) => {
    const identity = await importIdentity(RFC_KEY);
    const headers = await signRequest({ method, url, body }, identity, Date.now());
    const covered = body === undefined ? COMPONENTS : [...COMPONENTS, "content-digest"];
    const key = await crypto.subtle.importKey("raw", Buffer.from(KEY, "hex"), "Ed25519", false, ["verify"]);
    const verified = await verifySignature(new Request(url, { method, headers, ...(body !== undefined && { body }) }), {
      policy: {
        algorithms: ["ed25519"],
        requiredComponents: covered,
        requiredParameters: ["created", "nonce", "keyid", "alg", "tag"],
        maxAge: 60,
      },
      resolveVerifier: () => webcrypto.verifier(key),
    });
    expect(verified).toMatchObject({ label: "hub", parameters: { keyid: KEY, tag: "channel-hub" } });
  },
);

test.each(REQUESTS)(
  "[IDN2] we read what another implementation signs in our profile: %s %s",
  async (method, url, body) => {
    const key = await crypto.subtle.importKey("jwk", RFC_KEY, "Ed25519", false, ["sign"]);
    const digest = body === undefined ? undefined : EMPTY_DIGEST;
    const headers = digest === undefined ? {} : { "content-digest": digest };
    const message = new Request(url, { method, headers, ...(body !== undefined && { body }) });
    const fields = await createSignature(message, {
      label: "hub",
      components: body === undefined ? COMPONENTS : [...COMPONENTS, "content-digest"],
      parameters: { created: 1_700_000_000, nonce: NONCE, keyid: KEY, alg: "ed25519", tag: "channel-hub" },
      signer: webcrypto.signer(key),
    });
    const parsed = parseSignature(fields.signatureInput, fields.signature, digest ?? null);
    const target = signatureTarget(method, url);
    if (!parsed.ok || target === undefined) throw new Error("not read");
    const base = profileBase(target, parsed.value.params, digest);
    const verifying = await crypto.subtle.importKey("raw", Buffer.from(KEY, "hex"), "Ed25519", false, ["verify"]);
    const signature = Buffer.from(parsed.value.signature, "base64");
    expect(await crypto.subtle.verify("Ed25519", verifying, signature, Buffer.from(base))).toBe(true);
  },
);
