/**
 * What a caller may do is decided on the route that answers it, never on the text of its path: each
 * route of the table in many spellings, with each scope, a watch ticket and nothing (KEY1).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { pathOf, type RouteDocument, ROUTES } from "../../src/hub/worker/openapi/routes.ts";
import { isWithin, type Scope, SCOPES } from "../../src/protocol/index.ts";
import { createChannel } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { post, startHub } from "./support/hub-calls.ts";
import { hubKey, outcome } from "./support/identity.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly } from "./support/refusals.ts";

const KEYS = { read: hubKey("reader", "read"), agent: hubKey("team", "agent"), admin: hubKey("ops", "admin") };

let hub: HubProcess;
let ticket: string;
let watched: string;
beforeAll(async () => {
  hub = await startHub({
    HUB_KEYS: Object.values(KEYS)
      .map(({ entry }) => entry)
      .join(),
    HUB_MAX_CHANNELS: "0",
  });
  watched = await createChannel(hub.url);
  ticket = (await post(hub.url, "../ticket", { channel_id: watched, watch: true })).body.ticket as string;
});
afterAll(() => endCalmly(hub));

/** What a path may be written as: some reach the same route, some none; none may reach more. */
const SPELLINGS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => encodeAt(path, 1),
  (path) => encodeAt(path, 2),
  (path) => encodeAt(path, -1),
  (path) => encodeAt(path, -1).toLowerCase(),
  (path) => path.replace(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (path) => `/${path.slice(1).replaceAll("/", "%2F")}`,
  (path) => path.replace(/\/(?=[^/]*$)/, "%2f"),
  (path) => path.replace("%", "%25").replace(/a/, "%2561"),
  (path) => path.toUpperCase(),
  (path) => path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => path.replace(/\/(?=[^/]*$)/, "//"),
  (path) => `/.${path}`,
  (path) => `/x/..${path}`,
  (path) => `/health/..${path}`,
  (path) => `/health/%2e%2e${path}`,
  (path) => `${path}/.`,
  (path) => `${path}/x/..`,
  (path) => `${path};x`,
  (path) => `${path}?`,
  (path) => `${path}?/health`,
  (path) => `${path}%00`,
  (path) => `${path}%20`,
  (path) => `/${path.slice(1).replaceAll("/", "%5C")}`,
  (path) => `/ws/channel/..${path.replaceAll("/", "%2f")}`,
];

/** One letter written as its code. */
function encodeAt(path: string, at: number): string {
  const index = at < 0 ? path.length + at : at;
  return `${path.slice(0, index)}%${path.charCodeAt(index).toString(16).toUpperCase()}${path.slice(index + 1)}`;
}

/** A body with which the route does something, where it takes one. */
function bodyFor({ bodies, path }: RouteDocument, channel_id: string): object | undefined {
  // Strangers are told what the tool is (HST7), and of nothing else whether it is there.
  if (path === "/mcp") return { jsonrpc: "2.0", id: 1, method: "nothing/there" };
  const fields = { channel_id, key: "carol", name: "carol", text: "hi", seq: 1, target: "alpha", watch: true };
  const [first] = bodies ?? [];
  return first === undefined ? undefined : fields;
}

interface Caller {
  readonly who: string;
  readonly scope: Scope | "ticket" | "none";
  readonly headers: Readonly<Record<string, string>>;
}

function callers(): readonly Caller[] {
  const none = { "x-spf-key": "" };
  const protocol = `spf.v1, spf.ticket.${ticket}`;
  const byScope = SCOPES.map((scope) => ({ who: scope, scope, headers: { "x-spf-key": KEYS[scope].text } }));
  const ticketed = { ...none, "sec-websocket-protocol": protocol };
  return [
    ...byScope,
    { who: "ticket", scope: "ticket", headers: ticketed },
    { who: "none", scope: "none", headers: none },
  ];
}

/** Whether the table lets this caller through to the route at all. */
function mayEnter({ scope: needed }: RouteDocument, { scope }: Caller): boolean {
  if (needed === "open") return true;
  return scope !== "none" && scope !== "ticket" && isWithin(needed, scope);
}

/** What came of it in a word. */
async function tried(route: RouteDocument, caller: Caller, written: string, room: string): Promise<string> {
  const path = `${written}${written.includes("?") ? "&" : "?"}key=carol`;
  const body = bodyFor(route, room);
  const parts = body === undefined ? [] : [new TextEncoder().encode(JSON.stringify(body))];
  const answer = await rawCall(hub, { path, method: route.method.toUpperCase(), headers: caller.headers, parts });
  const isOpenPage = answer.body?.openapi !== undefined || answer.body?.name === "channel-hub";
  return isOpenPage ? "open" : answer.body?.jsonrpc === "2.0" ? "ok" : outcome(answer);
}

/** What may come of a spelling, by the rule of its route. */
function mayBe(route: RouteDocument, caller: Caller): RegExp {
  if (mayEnter(route, caller)) return /^(ok|open|4\d\d )/;
  const isStranger = caller.scope === "none" || caller.scope === "ticket";
  return isStranger ? /^(open|401 |404 |400 )/ : /^(open|403 forbidden_scope|404 |400 |405 |426 )/;
}

const BY_METHOD = ROUTES.map((route) => [route.method.toUpperCase(), pathOf(route), route] as const);

test.each(BY_METHOD)("[T29] [KEY1] %s %s in every spelling: nobody gets in by how it is written", async (...row) => {
  const [, , route] = row;
  for (const caller of callers()) {
    const room = await createChannel(hub.url);
    const plain = route.path.replace("{id}", route.path.startsWith("/api/pass") ? await passIn(room) : room);
    const came: string[] = [];
    for (const spell of SPELLINGS) {
      const is = await tried(route, caller, spell(plain), room);
      expect(is, `${caller.who} ${spell(plain)}`).toMatch(mayBe(route, caller));
      came.push(is);
    }
    // The table is not only obeyed, it is used: whom it lets in is served under some spelling.
    const isServed = came.some((is) => is === "ok" || (is === "open" && route.scope === "open"));
    if (!WITH_MORE.has(route.path)) expect(isServed, caller.who).toBe(mayEnter(route, caller));
  }
});

/** The id of a new pass for a channel. */
async function passIn(channel_id: string): Promise<string> {
  const { pass } = (await post(hub.url, "../pass", { channels: [channel_id] })).body;
  return pass.id as string;
}

/** Routes that ask more of their callers than a scope: membership, proof, or an upgrade. */
const WITH_MORE: ReadonlySet<string> = new Set([
  ...["leave", "send", "read", "kick", "pause", "resume", "guard-reset"].map((action) => `/api/channel/${action}`),
  ...["/api/channel/{id}", "/api/channel/{id}/listen", "/api/listen", "/ws/channel/{id}", "/mcp"],
]);

test("[T29] [IDN3] a watch ticket opens its channel's upgrade however the path is spelt, and no other channel", async () => {
  const other = await createChannel(hub.url);
  const upgrade = { "x-spf-key": "", connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  for (const spell of SPELLINGS) {
    for (const id of [other, `${other}%2f..%2f${watched}`, `${watched}%2f..%2f${other}`]) {
      const asked = spell(`/ws/channel/${id}`);
      const path = `${asked}${asked.includes("?") ? "&" : "?"}ticket=${ticket}`;
      expect((await rawCall(hub, { path, headers: upgrade })).status, path).toBeGreaterThanOrEqual(400);
    }
  }
});
