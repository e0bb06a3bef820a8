/**
 * Each threat of SECURITY.md with its defence taken away: a patch of the source under which the
 * threat's test must fail. `npm run test:defences` tries them; a unit test keeps them applicable.
 */
import { type Defence, taken } from "./defence.ts";
import { IDENTITY_DEFENCES } from "./identity.ts";
import { PASS_DEFENCES } from "./passes.ts";
import { RESOURCE_DEFENCES } from "./resources.ts";

const [THREATS, KEYS] = ["test/e2e/threats.test.ts", "test/hub/keys.test.ts"];
const [IDENTITY, TICKETS] = ["test/e2e/identity.test.ts", "test/e2e/keys-and-tickets.test.ts"];

export const DEFENCES: readonly Defence[] = [
  taken("T1", "the hub that is closed without a key", THREATS, [
    "between/keys.ts",
    'return keys.length > 0 ? ok(keys) : refuse("hub_not_configured", NOT_CONFIGURED);',
    "return ok(keys);",
  ]),
  taken("T1", "the comparison of keys", THREATS, [
    "between/keys.ts",
    "if (isSame && (isListed || key.kid === OWNER_KID)) found = key;",
    "if (isSame || isListed || key.kid === OWNER_KID) found = key;",
  ]),
  taken("T2", "comparing all keys whichever matches", KEYS, [
    "between/keys.ts",
    "if (isSame && (isListed || key.kid === OWNER_KID)) found = key;",
    "if (isSame && (isListed || key.kid === OWNER_KID)) return key;",
  ]),
  taken("T3", "the look for keys in URLs", "test/e2e/hostile-admission.test.ts", [
    "admission.ts",
    'if (await isKeyInUrl(keys.value, url, env.HUB_KEY ?? "")) {',
    "if (Date.now() < 0) {",
  ]),
  taken("T3", "the route's template in the log", "test/e2e/log.test.ts", [
    "every-answer.ts",
    "route: routeOf(c),",
    "route: c.req.url,",
  ]),
  taken("T4", "the comparison of the claimed key with the proven one", IDENTITY, [
    "caller.ts",
    "if (key !== proof.key) {",
    "if (Date.now() < 0) {",
  ]),
  taken("T4", "the memory of which keys were proven", IDENTITY, [
    "channel/identity.ts",
    "if (known.verified && !caller.verified) return mustProve();",
    "",
  ]),
  taken("T5", "the list of keys of small order", "test/hub/signed.test.ts", [
    "proof.ts",
    "return SMALL_ORDER.has(masked)",
    'return masked === ""',
  ]),
  taken("T6", "the memory of nonces", IDENTITY, [
    "channel/identity.ts",
    "if (taken.some(({ nonce }) => nonce === caller.nonce)) return usedBefore();",
    "",
  ]),
  taken("T6", "the check of the signature, which covers the host", IDENTITY, [
    "proof.ts",
    "if (await isSignature(key, fromBase64(parsed.value.signature), base)) return ok({ key, nonce });",
    "if (base.length > 0) return ok({ key, nonce });",
  ]),
  taken("T7", "the reserved msg_type", IDENTITY, [
    "fields.ts",
    'fault("reserved_msg_type", "msg_type system is the hub\'s own; use text or toolresult"),',
    'fault("bad_request", "msg_type"),',
  ]),
  taken("T7", "the reserved names", "test/e2e/hostile-names.test.ts", [
    "protocol/text.ts",
    "return RESERVED.has(visible.toUpperCase().toLowerCase().trim());",
    "return RESERVED.has(`${visible}.`);",
  ]),
  {
    threat: "T8",
    without: "admission before everything else",
    test: THREATS,
    patches: [
      {
        file: "worker/app.ts",
        find: 'import { boundedBody } from "./body.ts";',
        replace: 'import { boundedBody } from "./body.ts"; import { findChannel } from "./calls.ts";',
      },
      {
        file: "worker/app.ts",
        find: 'const admitted = await admit(c.req.raw, c.get("upgrade_of"), c.env);',
        replace: `const told = await findChannel(c.env, /ch-[1-9]\\d*/.exec(c.req.path)?.[0] ?? "ch-1");
          if (!told.ok) return failure(c, told.refusal);
          const admitted = await admit(c.req.raw, c.get("upgrade_of"), c.env);`,
      },
    ],
  },
  taken("T9", "the comparison of origins", TICKETS, [
    "admission.ts",
    "return isSameSite(origin, url);",
    "return isSameSite(origin, url) || true;",
  ]),
  taken("T10", "the list of origins that are told that they may", TICKETS, [
    "admission.ts",
    "return origins.ok && isNamed(origin, url, [...origins.value, ...own]);",
    'return origins.ok && origin !== "";',
  ]),
  taken("T11", "the headers of answers", THREATS, [
    "every-answer.ts",
    "if (c.res.status !== 101) setHeaders(",
    "if (c.res.status === 101) setHeaders(",
  ]),
  taken("T12", "the writing out of what cannot be seen", "test/unit/hostile-text.test.ts", [
    "visible.ts",
    "return HAS_UNSEEN.test(text) ? text.replace(EMOJI_OR_UNSEEN, written) : text;",
    "return text;",
  ]),
  taken("T13", "the loop guard", "test/unit/guard.test.ts", [
    "guard.ts",
    'if (kind !== "agent" || streak.count < limit) return undefined;',
    "if (now > 0) return undefined;",
  ]),
  taken("T13", "the marking of others' texts for a model", "test/unit/hostile-text.test.ts", [
    "messages.ts",
    ": showText(message.text);",
    ": message.text;",
  ]),
  taken("T14", "the rates", "test/e2e/hostile-admission.test.ts", [
    "rates.ts",
    "if (wait_ms > 0) return this.#tooMany(this.#what, wait_ms);",
    "if (wait_ms < 0) return this.#tooMany(this.#what, wait_ms);",
  ]),
  taken("T14", "the strikes", "test/e2e/hostile-socket.test.ts", [
    "inbound.ts",
    "if (connection.strikes.length < STRIKES) return;",
    "if (connection.strikes.length > 0) return;",
  ]),
  taken("T15", "the look whether a channel was ever made", "test/e2e/wallet.test.ts", [
    "calls.ts",
    "return known ? ok(number) : { ok: false, refusal: channelNotFound(id) };",
    "return ok(number);",
  ]),
  taken("T16", "the bound of frames", "test/e2e/hostile-socket.test.ts", [
    "inbound.ts",
    "if (isLongerThan(data, FRAME_BYTES)) return channel.drop(connection, frameTooLarge());",
    "",
  ]),
  taken("T16", "the bound of bodies", "test/e2e/hostile-http.test.ts", [
    "body.ts",
    "maxSize: FRAME_BYTES,",
    "maxSize: 1e9,",
  ]),
  taken("T17", "the time in which a body must arrive", THREATS, [
    "body.ts",
    "const timer = setTimeout(() => resolve(tooLate(c)), BODY_MS);",
    "const timer = setTimeout(() => void resolve, BODY_MS);",
  ]),
  taken("T18", "looking at own fields only", THREATS, [
    "fields.ts",
    "return ok(withoutNull(input as Record<string, unknown>));",
    'return ok({ ...input, ...(input as Record<string, object>)["__proto__"] } as Record<string, unknown>);',
  ]),
  taken("T19", "the refusal of URLs that are not canonical", THREATS, [
    "proof.ts",
    "const target = isCanonical(url) ? signatureTarget(method, url) : undefined;",
    "const target = signatureTarget(method, url);",
  ]),
  taken("T20", "the binding of a value", "test/unit/source.test.ts", [
    "channel-store.ts",
    '"DELETE FROM participant WHERE key = ?", key',
    "`DELETE FROM participant WHERE key = '${key}'`",
  ]),
  taken("T21", "JSON as the form of a line", "test/e2e/log.test.ts", [
    "log.ts",
    'console.log(JSON.stringify({ level: "info", event, time: new Date().toISOString(), ...fields }));',
    'console.log(Object.values(fields).join(" "));',
  ]),
  taken("T22", "making the object's request from scratch", THREATS, [
    "socket-route.ts",
    "const request = connectRequest(asked.value);",
    'const own = connectRequest(asked.value); const request = new Request(own, { headers: { upgrade: "websocket", "x-asked": c.req.header("x-asked") ?? own.headers.get("x-asked") ?? "" } });',
  ]),
  taken("T23", "the look at keys when an object wakes", "test/hub/revocation.test.ts", [
    "revocation.ts",
    "if (!stands) connections.drop(connection, why, now);",
    "if (!stands && now < 0) connections.drop(connection, why, now);",
  ]),
  taken("T23", "the end of sockets that are a day old", "test/hub/socket-life.test.ts", [
    "sockets/connections.ts",
    "if (now >= connection.opened_at + SOCKET_LIFE_MS) this.drop(connection, expired(), now);",
    "if (now < 0) this.drop(connection, expired(), now);",
  ]),
  taken("T24", "exact versions", "test/unit/source.test.ts", ["package.json", '"hono": "', '"hono": "^']),
  taken("T25", "words of the hub's own for a fault", THREATS, [
    "worker/answer.ts",
    'const says = "the hub failed; try again, and quote the request id if it stays";',
    "const says = String(error);",
  ]),
  taken("T46", "the hub's own address of the package", "test/unit/package.test.ts", [
    "origin.ts",
    "return `npx -y ${packageAt(hub)}`;",
    "return `npx -y channel-hub`;",
  ]),
  ...IDENTITY_DEFENCES,
  ...RESOURCE_DEFENCES,
  ...PASS_DEFENCES,
];
