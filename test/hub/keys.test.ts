/** Hub keys and tickets as the Worker reads them, inside the runtime that compares them (KEY1, KEY2, IDN3). */
import { expect, test } from "vitest";
import { sha256, toBase64Url } from "../../src/hub/between/bytes.ts";
import { type HubKey, parseKeys } from "../../src/hub/between/key-list.ts";
import { findKey, isKeyInUrl, readKeys, rightOf } from "../../src/hub/between/keys.ts";
import { isWithin } from "../../src/protocol/index.ts";
import { mintTicket, type Ticket, verifyTicket } from "../../src/hub/worker/admission/ticket.ts";

const OWNER = "owner-key-that-is-long-enough";
const LOOPBACK = "127.0.0.1";

/** A fresh key as `HUB_KEYS` takes it: its text, and the entry to configure. */
async function newKey(kid: string, scope: string, agent_key = ""): Promise<{ text: string; entry: string }> {
  const text = `hub_${kid}_${toBase64Url(crypto.getRandomValues(new Uint8Array(32)))}`;
  const hex = [...(await sha256(text))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { text, entry: `${kid}:${scope}:${hex}${agent_key === "" ? "" : `:${agent_key}`}` };
}

function keysOf(variable: string): readonly HubKey[] {
  const keys = parseKeys(variable);
  if (!keys.ok) throw new Error(keys.refusal.error);
  return keys.value;
}

test("[KEY1] HUB_KEYS holds several keys at once, separated by commas or white space, some bound", async () => {
  const [a, b, c] = [await newKey("ci-1", "read"), await newKey("x", "agent", "u:1"), await newKey("Z9", "admin")];
  const keys = keysOf(` ${a.entry},${b.entry}\n\t${c.entry} , `);
  expect(keys.map(({ kid, scope, agent_key }) => [kid, scope, agent_key])).toEqual([
    ["ci-1", "read", undefined],
    ["x", "agent", "u:1"],
    ["Z9", "admin", undefined],
  ]);
  for (const [at, { text }] of [a, b, c].entries()) expect(await findKey(keys, text)).toBe(keys[at]);
  expect(keysOf("")).toEqual([]);
});

test("[KEY1] a key is its whole text: no other kid, no part, no digest of it", async () => {
  const { text, entry } = await newKey("a", "admin");
  const keys = keysOf(entry);
  const hex = entry.split(":")[2] ?? "";
  for (const wrong of ["", text.slice(0, -1), `${text}A`, text.replace("hub_a", "hub_b"), text.slice(6), hex, entry])
    expect(await findKey(keys, wrong)).toBeUndefined();
});

test("[KEY1] a digest of something that is no key text admits nobody: HUB_KEYS cannot hold weak keys", async () => {
  const hex = [...(await sha256("password"))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  expect(await findKey(keysOf(`a:admin:${hex}`), "password")).toBeUndefined();
});

test("[T2] [KEY1] every key is compared, whichever matches", async () => {
  const made = await Promise.all(["a", "b", "c", "d"].map((kid) => newKey(kid, "agent")));
  const keys = keysOf(made.map(({ entry }) => entry).join());
  const compare = crypto.subtle.timingSafeEqual.bind(crypto.subtle);
  let compared = 0;
  crypto.subtle.timingSafeEqual = (a, b) => {
    compared++;
    return compare(a, b);
  };
  try {
    for (const text of [...made.map((one) => one.text), "wrong"]) {
      compared = 0;
      await findKey(keys, text);
      expect(compared).toBe(keys.length);
    }
  } finally {
    crypto.subtle.timingSafeEqual = compare;
  }
});

const HEX = "ab".repeat(32);
const MALFORMED: readonly (readonly [variable: string, says: string])[] = [
  ["nonsense", "entry 1 must be kid:scope:sha256hex[:agent_key]; it has fewer than three parts"],
  [`a:read:${HEX},b:read`, "entry 2 must be kid:scope:sha256hex[:agent_key]; it has fewer than three parts"],
  [`:read:${HEX}`, "its kid must be 1 to 32 of A-Z a-z 0-9 -"],
  [`HUB_KEY:read:${HEX}`, "its kid must be"],
  [`${"k".repeat(33)}:read:${HEX}`, "its kid must be"],
  [`a:write:${HEX}`, "its scope must be read, agent, admin"],
  [`a:Admin:${HEX}`, "its scope must be"],
  [`a:read:${HEX.slice(1)}`, "its digest must be 64 lower-case hex digits"],
  [`a:read:${HEX.toUpperCase()}`, "its digest must be"],
  [`a:read:${HEX}:`, "its agent key is not valid"],
  [`a:read:${HEX}:-x`, "its agent key is not valid"],
  [`a:read:${HEX}:System`, "its agent key is not valid"],
  [`a:read:${HEX} a:agent:${HEX}`, "entry 2 must be kid:scope:sha256hex[:agent_key]; its kid was used before"],
];

test.each(MALFORMED)(
  "[KEY1] HUB_KEYS=%s closes the hub and says where and why, not what stands there",
  (variable, says) => {
    const refused = parseKeys(variable);
    expect(refused).toMatchObject({ ok: false, refusal: { code: "hub_not_configured" } });
    const error = refused.ok ? "" : refused.refusal.error;
    expect(error).toContain(says);
    expect(error).not.toContain(HEX.slice(0, 16));
    expect(error).not.toContain("nonsense");
  },
);

test("[KEY2] HUB_KEYS does not switch HUB_KEY off, and either alone opens the hub", async () => {
  const { text, entry } = await newKey("a", "agent");
  const both = await readKeys({ HUB_KEY: OWNER, HUB_KEYS: entry }, "hub.example");
  if (!both.ok) throw new Error(both.refusal.error);
  expect(await findKey(both.value, OWNER)).toMatchObject({ scope: "admin" });
  expect(await findKey(both.value, text)).toMatchObject({ scope: "agent" });
  expect(await readKeys({ HUB_KEY: OWNER }, "hub.example")).toMatchObject({ ok: true });
  expect(await readKeys({ HUB_KEYS: entry }, "hub.example")).toMatchObject({ ok: true });
  for (const none of [{}, { HUB_KEY: "", HUB_KEYS: " , " }, { HUB_KEY: "short", HUB_KEYS: entry }])
    expect(await readKeys(none, LOOPBACK)).toMatchObject({ ok: false, refusal: { code: "hub_not_configured" } });
});

test("[KEY2] a key is found in any part of a URL, however it is written", async () => {
  const { text, entry } = await newKey("a", "read");
  const own = "q+Zs/1JvT0mJ+oYx8h3n/5l2cFqR7w==";
  const read = await readKeys({ HUB_KEY: own, HUB_KEYS: entry }, "hub.example");
  if (!read.ok) throw new Error(read.refusal.error);
  const isFound = (path: string): Promise<boolean> => isKeyInUrl(read.value, new URL(`https://h${path}`), own);
  const encoded = text.replace(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  for (const key of [text, encoded, own.replaceAll("/", "%2f"), encodeURIComponent(own)]) {
    for (const path of [`/?k=${key}`, `/?${key}`, `/?a=%zz&k=${key}`, `/?a=%ff&b&k=${key}&c`, `/x/${key}/y`])
      expect(await isFound(path), path).toBe(true);
  }
  expect(await isFound(`/?${encoded}=1`)).toBe(true);
  for (const path of ["/", "/?", "/?k=%zz", `/?k=${text}x`, `/?k=${text.slice(1)}`, `/?k=hub_a_${"A".repeat(43)}`])
    expect(await isFound(path), path).toBe(false);
});

test("[KEY1] each scope holds the ones before it", () => {
  const scopes = ["read", "agent", "admin"] as const;
  for (const [at, needed] of scopes.entries())
    for (const [other, given] of scopes.entries()) expect(isWithin(needed, given)).toBe(other >= at);
});

test("[KEY3] a right names the key and all that it allows: a change of any part is another right", async () => {
  const one = keysOf(`a:agent:${HEX}:bot`)[0];
  if (one === undefined) throw new Error("no key");
  const others = [`b:agent:${HEX}:bot`, `a:admin:${HEX}:bot`, `a:agent:${"cd".repeat(32)}:bot`, `a:agent:${HEX}`];
  const rights = [one, ...others.flatMap(keysOf)].map(rightOf);
  expect(new Set(rights).size).toBe(5);
  expect(rights[0]).not.toContain(HEX.slice(0, 32));
});

const NOW = 1_800_000_000_000;
const TICKET: Ticket = {
  kid: "a",
  channel_id: "ch-1",
  expires_at: NOW + 30_000,
  grant: { use: "connect", key: "alpha", name: "José", kind: "human", strength: "plain", nonce: "n-1" },
};

async function issued(ticket: Ticket = TICKET): Promise<{ text: string; key: HubKey; keys: readonly HubKey[] }> {
  const keys = keysOf([(await newKey("a", "agent")).entry, (await newKey("b", "agent")).entry].join());
  const key = keys.find(({ kid }) => kid === ticket.kid) ?? keys[0];
  if (key === undefined) throw new Error("no key");
  return { text: await mintTicket(ticket, key), key, keys };
}

test("[IDN3] a ticket is read back as it was given, with the key that asked", async () => {
  const { text, key, keys } = await issued();
  expect(text).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
  expect(await verifyTicket(text, keys, NOW)).toMatchObject({ ticket: TICKET, key });
});

test("[IDN3] a ticket ends with its time and with its key, and no other key makes it", async () => {
  const { text, key, keys } = await issued();
  expect(await verifyTicket(text, keys, TICKET.expires_at - 1)).toBeDefined();
  expect(await verifyTicket(text, keys, TICKET.expires_at)).toBeUndefined();
  const without = keys.filter((one) => one !== key);
  expect(await verifyTicket(text, without, NOW)).toBeUndefined();
  const rotated = keysOf((await newKey("a", "agent")).entry);
  expect(await verifyTicket(text, rotated, NOW)).toBeUndefined();
  const [other] = without;
  if (other === undefined) throw new Error("no key");
  expect(await verifyTicket(await mintTicket(TICKET, other), keys, NOW)).toBeUndefined();
});

test("[IDN3] nothing of a ticket can be altered, and it has one spelling", async () => {
  const { text, keys } = await issued();
  for (let at = 0; at < text.length; at++) {
    for (const letter of text[at] === "A" ? "B" : "A") {
      const altered = text.slice(0, at) + letter + text.slice(at + 1);
      expect(await verifyTicket(altered, keys, NOW), altered).toBeUndefined();
    }
  }
  const [payload = "", mac = ""] = text.split(".");
  const last = mac.charCodeAt(42);
  const spellings = [`${mac.slice(0, 42)}${String.fromCharCode(last + 1)}`, `${mac}=`, `${mac} `, mac.slice(1)];
  for (const spelling of spellings) expect(await verifyTicket(`${payload}.${spelling}`, keys, NOW)).toBeUndefined();
  for (const wrong of ["", ".", "a.b", `${text}.x`, `.${mac}`, `${payload}.`, "x".repeat(5000)])
    expect(await verifyTicket(wrong, keys, NOW), wrong).toBeUndefined();
});
