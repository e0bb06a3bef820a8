/**
 * Who may act under which key, over the whole hub: each route of the table × each strength of proof ×
 * whose key is named × where that key was proven. What must come of a cell is told by one rule, so
 * that a new route is covered, or fails (IDN1, IDN5).
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createIdentity, type Identity, signRequest } from "../../src/client/identity.ts";
import { pathOf, type RouteDocument, ROUTES } from "../../src/hub/worker/openapi/routes.ts";
import { createChannel } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { startHub } from "./support/hub-calls.ts";
import { ask, hubKey, outcome, type TestKey } from "./support/identity.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly } from "./support/refusals.ts";

const STRENGTHS = ["plain", "bound", "signed"] as const;
const WHOSE = ["own", "other's", "unknown"] as const;
const PROVEN = ["here", "elsewhere", "nowhere", "by its hub key"] as const;

interface Cell {
  readonly strength: (typeof STRENGTHS)[number];
  readonly whose: (typeof WHOSE)[number];
  /** Where the key that is named was proven before. */
  readonly proven: (typeof PROVEN)[number];
}

const CELLS: readonly Cell[] = STRENGTHS.flatMap((strength) =>
  WHOSE.flatMap((whose) => PROVEN.map((proven) => ({ strength, whose, proven }))),
).filter(isPossible);

/** Nobody has proven an unknown key; who signs or is bound names its own key as it is. */
function isPossible({ strength, whose, proven }: Cell): boolean {
  if (whose === "unknown") return proven === "nowhere";
  return whose !== "own" || proven !== "by its hub key" || strength === "plain";
}

/** The rule: a claim must be of a key that nobody proved and no hub key has; a proof, of the key that is named. */
function mayAct({ strength, whose, proven }: Cell): boolean {
  return strength === "plain" ? proven === "nowhere" : whose === "own";
}

const TEAM = hubKey("team", "agent");
/** Bound hub keys, by agent key; each cell takes a fresh one. */
const BOUND: { readonly key: string; readonly hub: TestKey }[] = Array.from({ length: 400 }, (_none, at) => {
  const key = `bound-${at}`;
  return { key, hub: hubKey(`b${at}`, "agent", key) };
});

let hub: HubProcess;
let elsewhere: string;
beforeAll(async () => {
  hub = await startHub({ HUB_KEYS: [TEAM, ...BOUND.map((one) => one.hub)].map(({ entry }) => entry).join() });
  elsewhere = await createChannel(hub.url);
});
afterAll(() => endCalmly(hub));

/** Somebody who can prove a key: by signing, or with a hub key that carries it. */
interface Actor {
  readonly key: string;
  readonly as: string;
  readonly by?: Identity;
}

async function signer(): Promise<Actor> {
  const { identity } = await createIdentity();
  return { key: identity.key, as: TEAM.text, by: identity };
}

function bound(): Actor {
  const one = BOUND.pop();
  if (one === undefined) throw new Error("there are more cells than bound keys");
  return { key: one.key, as: one.hub.text };
}

/** Whose key is named, proven where the cell says. */
async function prove(actor: Actor, { proven }: Cell, here: string): Promise<void> {
  if (proven !== "here" && proven !== "elsewhere") return;
  const body = { channel_id: proven === "here" ? here : elsewhere };
  const { as, by } = actor;
  expect(outcome(await ask(hub.url, { path: "/api/channel/join", as, by, body }))).toBe("ok");
}

/** Who asks, and the key that is named. */
async function castOf(cell: Cell, here: string): Promise<{ readonly caller: Actor; readonly named: string }> {
  const caller = cell.strength === "bound" ? bound() : await signer();
  if (cell.whose === "own" && cell.proven !== "by its hub key") await prove(caller, cell, here);
  if (cell.whose === "unknown") return { caller, named: `unknown-${randomBytes(8).toString("hex")}` };
  if (cell.whose === "own" && cell.proven !== "by its hub key") return { caller, named: caller.key };
  const other = cell.proven === "by its hub key" ? bound() : await signer();
  await prove(other, cell, here);
  return { caller, named: other.key };
}

const VALUES = { name: "matrix", text: "hi", seq: 1, target: "nobody", kind: "agent", minutes: 1 };

/** Whether a request to the route names an agent key at all. */
function takesKey({ path, bodies = [], query }: RouteDocument): boolean {
  return (
    path === "/mcp" || [...bodies, ...(query === undefined ? [] : [query])].some(({ entries }) => "key" in entries)
  );
}

function bodyOf({ path, bodies }: RouteDocument, channel_id: string, key: string): object | undefined {
  if (path === "/mcp") {
    const call = { name: "spf_channel", arguments: { action: "send", channel: channel_id, key, text: "hi" } };
    return { jsonrpc: "2.0", id: 1, method: "tools/call", params: call };
  }
  const entries = bodies?.[0]?.entries;
  if (entries === undefined) return undefined;
  const all = { ...VALUES, channel_id, key };
  return Object.fromEntries(Object.entries(all).filter(([field]) => Object.hasOwn(entries, field)));
}

/** `ok`, `101`, or the code; of the tool, the code that its text tells of. */
async function tried(route: RouteDocument, { strength }: Cell, caller: Actor, asked: Asked): Promise<Came> {
  const query = route.query !== undefined && "key" in route.query.entries ? `?key=${asked.named}` : "";
  const path = route.path.replace("{id}", asked.here) + query;
  const body = bodyOf(route, asked.here, asked.named);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const [method, url] = [route.method.toUpperCase(), hub.url + path];
  const signing = strength === "signed" && caller.by !== undefined;
  const proof = signing ? await signRequest({ method, url, body: text }, caller.by, Date.now()) : {};
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": NONCE,
  };
  const headers = { "x-spf-key": caller.as, ...proof, ...(route.path.startsWith("/ws/") ? upgrade : {}) };
  const parts = text === undefined ? [] : [new TextEncoder().encode(text)];
  const answer = await rawCall(hub, { path, method, headers, parts });
  if (answer.status === 101) return { came: "101", said: "" };
  const said = JSON.stringify(answer.body);
  return { came: route.path === "/mcp" ? toolOutcome(said) : outcome(answer), said };
}

/** The tool tells models in words, the code first. */
function toolOutcome(said: string): string {
  const [, code] = /"text":"Error (\w+): /.exec(said) ?? [];
  return code === undefined ? "ok" : `403 ${code}`;
}

const NONCE = "dGhlIHNhbXBsZSBub25jZQ==";

interface Asked {
  readonly here: string;
  readonly named: string;
}

interface Came {
  readonly came: string;
  readonly said: string;
}

/** A request that means nothing to its route shows nothing of who may make it. */
const SENSELESS =
  /^4\d\d (bad_key|bad_name|bad_text|bad_limit|bad_json|unauthorized|bad_signature|bad_target|method_not_allowed)$/;

/** A channel that does not know the key may say so: it refuses what it would of anybody who is not there. */
function refusedAs({ strength, proven }: Cell): RegExp {
  return strength === "plain" && proven === "elsewhere"
    ? /^403 (identity_mismatch|not_participant|forbidden)$/
    : /^403 identity_mismatch$/;
}

/** A GET of /mcp goes on with a stream, and names nobody. */
const isAsked = ({ method, path }: RouteDocument): boolean => path !== "/mcp" || method.toUpperCase() === "POST";
const BY_METHOD = ROUTES.filter(isAsked).map((route) => [route.method.toUpperCase(), pathOf(route), route] as const);

test.each(BY_METHOD)("[T27] [T4] [IDN5] %s %s: each proof, of each key, proven anywhere or not", async (...row) => {
  const [, , route] = row;
  for (const cell of CELLS) {
    const here = await createChannel(hub.url);
    const { caller, named } = await castOf(cell, here);
    const { came, said } = await tried(route, cell, caller, { here, named });
    const isRefused = takesKey(route) && !mayAct(cell);
    const what = `${cell.strength}, ${cell.whose} key, proven ${cell.proven}: ${said}`;
    if (isRefused) expect(came, what).toMatch(refusedAs(cell));
    else expect(came, what).not.toBe("403 identity_mismatch");
    expect(came, what).not.toMatch(SENSELESS);
    // What was done was done under the key that was named, in the strength in which it was.
    if (said.startsWith('{"ok":true,"message"'))
      expect(JSON.parse(said), what).toMatchObject({ message: { from: named, verified: cell.strength !== "plain" } });
  }
});
