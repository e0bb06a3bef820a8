/** Signed requests inside the runtime: only what was signed, in its minute, by the key it names (IDN2). */
import { exports } from "cloudflare:workers";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createIdentity, type Identity, signRequest } from "../../src/client/identity.ts";
import { fromBase64, fromHex } from "../../src/hub/between/bytes.ts";
import { isSignature } from "../../src/hub/worker/admission/proof.ts";
import {
  profileBase,
  profileParams,
  signatureBase,
  signatureHeaders,
  signatureTarget,
} from "../../src/protocol/index.ts";
import { RFC_COMPONENTS, RFC_PARAMS, RFC_SIGNATURE } from "../support/rfc9421.ts";
import { smallOrderEncodings } from "../support/small-order.ts";
import wycheproof from "../support/vectors/wycheproof-ed25519.json" with { type: "json" };
import { call, createChannel, history, type Json, KEY } from "./support/hub.ts";

const ORIGIN = "https://hub.test";
const RFC_PUBLIC = "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb";

let identity: Identity;
let id: string;
beforeAll(async () => {
  ({ identity } = await createIdentity());
  id = await createChannel();
  await call("/api/channel/join", { channel_id: id, key: identity.key });
});

/** A request as it goes over the wire, to be altered before it does. */
interface Wire {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

async function ask({ method, url, headers, body }: Wire): Promise<{ status: number; body: Json }> {
  const init = { method, headers: { "x-spf-key": KEY, ...headers }, ...(body !== undefined && { body }) };
  const response = await exports.default.fetch(url, init);
  return { status: response.status, body: await response.json() };
}

async function signed(method: string, path: string, body?: object, now: number = Date.now()): Promise<Wire> {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const url = ORIGIN + path;
  const headers = await signRequest({ method, url, body: json }, identity, now);
  return { method, url, headers, ...(json !== undefined && { body: json }) };
}

function signedSend(text = "signed", more: object = {}): Promise<Wire> {
  return signed("POST", "/api/channel/send?x=1", { channel_id: id, key: identity.key, text, ...more });
}

async function lastSeq(): Promise<number> {
  return (await history(id)).meta.last_seq;
}

test("[IDN2] RFC 9421's Ed25519 example verifies here, and nothing near it", async () => {
  const base = new TextEncoder().encode(signatureBase(RFC_COMPONENTS, RFC_PARAMS));
  const signature = fromBase64(RFC_SIGNATURE);
  expect(await isSignature(RFC_PUBLIC, signature, new Uint8Array(base))).toBe(true);
  for (let at = 0; at < base.length; at++) {
    expect(await isSignature(RFC_PUBLIC, signature, flipped(base, at * 8))).toBe(false);
  }
  for (let bit = 0; bit < 512; bit++) {
    expect(await isSignature(RFC_PUBLIC, flipped(signature, bit), new Uint8Array(base))).toBe(false);
  }
});

function flipped(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** https://github.com/C2SP/wycheproof: [tcId, result, key, message, signature, what it is]. */
const VECTORS = wycheproof.vectors as [number, "valid" | "invalid", string, string, string, string][];

test.each(VECTORS)("[IDN2] Wycheproof %i is %s", async (...vector) => {
  const [, result, key, message, signature] = vector;
  expect(await isSignature(key, fromHex(signature), fromHex(message))).toBe(result === "valid");
});

test("[IDN2] the Wycheproof file is whole: each kind of forgery is in it", () => {
  expect(VECTORS.length).toBe(151);
  const kinds = new Set(VECTORS.filter(([, result]) => result === "invalid").map((vector) => vector[5].split(":")[0]));
  expect(kinds).toEqual(
    new Set([
      "InvalidSignature",
      "TruncatedSignature",
      "SignatureWithGarbage",
      "CompressedSignature",
      "InvalidEncoding",
      "SignatureMalleability",
      "InvalidKtv",
    ]),
  );
});

test("[IDN1] [IDN2] a signed send is verified, and its key may be left out", async () => {
  expect(await ask(await signedSend("with key"))).toMatchObject({
    status: 200,
    body: { ok: true, message: { from: identity.key, verified: true, text: "with key" } },
  });
  const without = await signed("POST", "/api/channel/send", { channel_id: id, text: "without" });
  expect(await ask(without)).toMatchObject({ status: 200, body: { message: { from: identity.key, verified: true } } });
});

test("[IDN2] a replayed send gets its first ack, a replayed create its first channel", async () => {
  const send = await signedSend("once");
  const [first, again] = [await ask(send), await ask(send)];
  expect(again.body).toEqual({ ...first.body, duplicate: true, delivered: 0 });
  const create = await signed("POST", "/api/channel/create", { name: "signed", key: identity.key });
  expect(await ask(create)).toEqual(await ask(create));
});

test("[IDN2] a replay cannot take a new id from a header that the signature does not cover", async () => {
  const send = await signedSend("header");
  await ask(send);
  const seq = await lastSeq();
  const replayed = await ask({ ...send, headers: { ...send.headers, "idempotency-key": "another" } });
  expect(replayed).toMatchObject({ status: 400, body: { code: "bad_request" } });
  expect(replayed.body.error).toContain("the nonce of the signature, which does not cover it,");
  const named = await signedSend("named", { client_msg_id: "mine" });
  const [first, again] = [await ask(named), await ask(named)];
  expect([first.body.message.seq, again.body.message.seq]).toEqual([seq + 1, seq + 1]);
});

/** Another character of the same alphabet. */
function other(letter: string): string {
  if (/\d/.test(letter)) return letter === "9" ? "0" : String(Number(letter) + 1);
  return letter === "b" ? "c" : "b";
}

function* eachLetter(text: string, from = 0): Generator<string> {
  for (let at = from; at < text.length; at++) yield text.slice(0, at) + other(text[at] ?? "") + text.slice(at + 1);
}

function* tampered(wire: Wire): Generator<Wire> {
  const { headers, url } = wire;
  for (const method of ["PUT", "PATCH", "DELETE"]) yield { ...wire, method };
  for (const host of ["https://hub.tesu", "https://other.hub.test", "https://hub.test:8443", "https://hub"])
    yield { ...wire, url: url.replace(ORIGIN, host) };
  for (const changed of eachLetter(url, ORIGIN.length + 1)) yield { ...wire, url: changed };
  for (const changed of [`${url}&x=1`, url.replace("?x=1", ""), url.replace("x=1", "y=1"), `${url}%20`])
    yield { ...wire, url: changed };
  for (const name of ["signature-input", "signature", "content-digest"]) {
    for (const changed of eachLetter(headers[name] ?? "")) yield { ...wire, headers: { ...headers, [name]: changed } };
    const { [name]: _without, ...rest } = headers;
    yield { ...wire, headers: rest };
    yield { ...wire, headers: { ...headers, [name]: `${headers[name]}, ${headers[name]}` } };
  }
  const body = new TextEncoder().encode(String(wire.body));
  for (let at = 0; at < body.length; at++) yield { ...wire, body: flipped(body, at * 8 + (at % 7)) };
  yield { ...wire, body: `${String(wire.body)} ` };
  yield { ...wire, body: "" };
}

test("[IDN2] nothing of a signed request can be altered: method, host, path, query, body, headers", async () => {
  const wire = await signedSend("untouched");
  const before = await lastSeq();
  let tries = 0;
  for (const altered of tampered(wire)) {
    tries++;
    const { status, body } = await ask(altered);
    const what = JSON.stringify({ url: altered.url, headers: altered.headers, status, body });
    expect([`${status} ${body.code}`], what).toEqual([
      expect.stringMatching(/^(401 bad_signature|401 clock_skew|400 bad_target)$/),
    ]);
  }
  expect(tries).toBeGreaterThan(500);
  expect(await lastSeq()).toBe(before);
  expect(await ask(wire)).toMatchObject({ status: 200 });
});

test("[IDN2] an invalid signature never falls back to a plain claim", async () => {
  const { headers, ...wire } = await signed("POST", "/api/channel/send", {
    channel_id: id,
    key: "alpha",
    text: "plain",
  });
  for (const name of ["signature", "signature-input"]) {
    expect(await ask({ ...wire, headers: { [name]: headers[name] ?? "" } })).toMatchObject({
      status: 401,
      body: { code: "bad_signature" },
    });
  }
});

test("[IDN2] sixty seconds either way, and the hub's time for those whose clock is wrong", async () => {
  // The hub's clock stands, however long the test takes.
  const HUB_NOW = Math.floor(Date.now() / 1000) * 1000;
  vi.setSystemTime(HUB_NOW);
  onTestFinished(() => void vi.useRealTimers());
  const at = async (seconds: number): Promise<{ status: number; body: Json }> => {
    const now = HUB_NOW + seconds * 1000;
    return await ask(await signed("GET", `/api/channel/${id}/history`, undefined, now));
  };
  for (const seconds of [-60, 0, 60]) expect(await at(seconds)).toMatchObject({ status: 200 });
  for (const seconds of [-3600, -61, 61, 3600]) {
    const { status, body } = await at(seconds);
    expect(`${status} ${body.code}`).toBe("401 clock_skew");
    expect(body.server_time).toBe(HUB_NOW / 1000);
    expect(body.error).toContain(seconds < 0 ? "s before the hub's clock" : "s after the hub's clock");
  }
});

test("[IDN2] the body's digest is covered exactly when there is a body", async () => {
  const json = JSON.stringify({ channel_id: id, text: "uncovered" });
  const url = `${ORIGIN}/api/channel/send`;
  const bare = await signRequest({ method: "POST", url }, identity, Date.now());
  const covering = await signRequest(
    { method: "GET", url: `${ORIGIN}/api/channel/list`, body: "x" },
    identity,
    Date.now(),
  );
  expect(await ask({ method: "POST", url, headers: bare, body: json })).toMatchObject({
    status: 401,
    body: { code: "bad_signature", error: 'there is a body, so "content-digest" must be covered' },
  });
  expect(await ask({ method: "GET", url: `${ORIGIN}/api/channel/list`, headers: covering })).toMatchObject({
    status: 401,
    body: { code: "bad_signature", error: 'there is no body, so "content-digest" must not be covered' },
  });
});

test.each([
  ["upper case", (key: string) => key.toUpperCase()],
  ["63 digits", (key: string) => key.slice(1)],
  ["base64", () => "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="],
  ["a plain key", () => "alpha"],
])("[IDN2] a key in another form is refused: %s", async (_what, change) => {
  const { headers, ...wire } = await signed("GET", "/api/channel/list");
  const input = headers["signature-input"]?.replace(identity.key, change(identity.key)) ?? "";
  const { status, body } = await ask({ ...wire, headers: { ...headers, "signature-input": input } });
  expect(`${status} ${body.code}`).toBe("401 bad_signature");
  expect(body.error).toContain("64 lower-case hex digits");
});

test("[IDN2] 32 bytes that are no point of the curve are refused as any wrong key is", async () => {
  const { headers, ...wire } = await signed("GET", "/api/channel/list");
  const input = headers["signature-input"]?.replace(identity.key, `02${"00".repeat(31)}`) ?? "";
  const { status, body } = await ask({ ...wire, headers: { ...headers, "signature-input": input } });
  expect(`${status} ${body.code}`).toBe("401 bad_signature");
});

/** R the neutral point, S zero: for a key of small order this is a signature of one text in eight, or of every one. */
const FORGED = `01${"00".repeat(63)}`;

test("[T5] [IDN2] keys of small order are refused in all their encodings, which the runtime's verifier takes", async () => {
  const encodings = smallOrderEncodings();
  expect(new Set(encodings).size).toBe(14);
  const url = `${ORIGIN}/api/channel/list`;
  const target = signatureTarget("GET", url);
  if (target === undefined) throw new Error("no target");
  const fooled = new Set<string>();
  for (const keyid of encodings) {
    for (let tries = 0; tries < 40; tries++) {
      const nonce = crypto.randomUUID();
      const params = profileParams({ created: Math.floor(Date.now() / 1000), nonce, keyid }, false);
      const base = new TextEncoder().encode(profileBase(target, params));
      if (!(await isSignature(keyid, fromHex(FORGED), new Uint8Array(base)))) continue;
      fooled.add(keyid);
      const forged = { ...signatureHeaders(params, btoa(String.fromCharCode(...fromHex(FORGED)))) };
      const { status, body } = await ask({ method: "GET", url, headers: forged });
      expect(`${status} ${body.code} ${body.error}`).toContain("401 bad_signature keyid is a point of small order");
    }
  }
  expect(fooled.size).toBeGreaterThanOrEqual(8);
});

/** The order of the group: S and S + L would be one signature in two spellings. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

test("[IDN2] a signature with S + L in place of S is refused", async () => {
  const { headers, ...wire } = await signed("GET", "/api/channel/list");
  const bytes = fromBase64(headers["signature"]?.slice(5, -1) ?? "");
  const s = bytes.slice(32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  for (const added of [s + L, s + 2n * L]) {
    for (let at = 0; at < 32; at++) bytes[32 + at] = Number((added >> BigInt(8 * at)) & 255n);
    const altered = { ...headers, signature: `hub=:${btoa(String.fromCharCode(...bytes))}:` };
    expect(await ask({ ...wire, headers: altered })).toMatchObject({ status: 401, body: { code: "bad_signature" } });
  }
  expect(await ask({ ...wire, headers })).toMatchObject({ status: 200 });
});

test("[IDN2] a join, leave or read counts once: its replay is told so, before membership is looked at", async () => {
  const room = await createChannel();
  const about = { channel_id: room };
  const [join, read, leave] = [
    await signed("POST", "/api/channel/join", about),
    await signed("POST", "/api/channel/read", { ...about, seq: 1 }),
    await signed("POST", "/api/channel/leave", about),
  ];
  expect(await ask(join)).toMatchObject({ status: 200, body: { seq: 2 } });
  expect(await ask(read)).toMatchObject({ status: 200 });
  for (const replayed of [join, read]) expect(await ask(replayed)).toMatchObject(REPLAYED);
  expect(await ask(leave)).toMatchObject({ status: 200, body: { seq: 3 } });
  for (const replayed of [join, read, leave]) expect(await ask(replayed)).toMatchObject(REPLAYED);
  expect((await history(room)).meta.last_seq).toBe(3);
  expect(await ask(await signed("POST", "/api/channel/join", about))).toMatchObject({ status: 200, body: { seq: 4 } });
});

const REPLAYED = { status: 409, body: { code: "replay", error: expect.stringContaining("was used before") } };

test("[IDN2] reads are not recorded: a signed one may come twice", async () => {
  const wire = await signed("GET", `/api/channel/${id}`);
  expect(await ask(wire)).toMatchObject({ status: 200 });
  expect(await ask(wire)).toMatchObject({ status: 200 });
});
