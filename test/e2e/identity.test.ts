/**
 * Who may speak as whom, against a real hub: every strength of caller on every route that names a
 * key, replays before and after a crash, no way back from a proven key to a claimed one (IDN1, IDN2).
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createIdentity, type Identity, signRequest } from "../../src/client/identity.ts";
import { WebSocket } from "ws";
import { Agent, call, type Json, UpgradeRefused } from "../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { connected, history, startHub, summaryOf } from "./support/hub-calls.ts";
import { patchedHub, SPENT_FOR_GOOD } from "./support/patched-hub.ts";
import { ask, type Asked, deliver, hubKey, outcome, prepare } from "./support/identity.ts";
import { rawCall } from "./support/raw-call.ts";
import { endCalmly, expectError, withoutTrace } from "./support/refusals.ts";

const TEAM = hubKey("team", "agent");
const BOUND = hubKey("bot", "agent", "bot-1");

let hub: HubProcess;
let me: Identity;
let stranger: Identity;
beforeAll(async () => {
  hub = await startHub({ HUB_KEYS: `${TEAM.entry} ${BOUND.entry}` });
  me = (await createIdentity()).identity;
  stranger = (await createIdentity()).identity;
});
afterAll(() => endCalmly(hub));

/** A channel in which the signed, the bound and a plain agent have spoken. */
async function room(): Promise<string> {
  const created = await ask(hub.url, {
    path: "/api/channel/create",
    body: { name: "room", key: "alpha" },
    as: TEAM.text,
  });
  const channel_id = created.body.channel_id as string;
  const join = { path: "/api/channel/join", body: { channel_id } };
  expect(outcome(await ask(hub.url, { ...join, as: TEAM.text, by: me }))).toBe("ok");
  expect(outcome(await ask(hub.url, { ...join, as: BOUND.text }))).toBe("ok");
  return channel_id;
}

/** The connection as an outcome: `ok`, or the refusal of the upgrade. */
async function upgrade(id: string, query: string, as: string, by?: Identity): Promise<string> {
  const url = `${hub.url}/ws/channel/${id}?${query}`;
  const proof = by === undefined ? {} : await signRequest({ method: "GET", url }, by, Date.now());
  try {
    const agent = await Agent.connect(hub.url, id, query, { "x-spf-key": as, ...proof });
    agent.socket.terminate();
    return "ok";
  } catch (error) {
    if (error instanceof UpgradeRefused) return `${error.status} ${error.body.code}`;
    throw error;
  }
}

const ROUTES: readonly (readonly [
  name: string,
  request: (id: string, key: string) => Pick<Asked, "path" | "method" | "body">,
])[] = [
  ["create", (_id, key) => ({ path: "/api/channel/create", body: { name: "another", key } })],
  ["join", (channel_id, key) => ({ path: "/api/channel/join", body: { channel_id, key } })],
  ["send", (channel_id, key) => ({ path: "/api/channel/send", body: { channel_id, key, text: "hi" } })],
  ["read", (channel_id, key) => ({ path: "/api/channel/read", body: { channel_id, key, seq: 1 } })],
  ["leave", (channel_id, key) => ({ path: "/api/channel/leave", body: { channel_id, key } })],
  ["list", (_id, key) => ({ path: `/api/channel/list?key=${key}` })],
  ["ticket", (channel_id, key) => ({ path: "/api/ticket", body: { channel_id, key } })],
  ["kick", (channel_id, key) => ({ path: "/api/channel/kick", body: { channel_id, key, target: "alpha" } })],
  ["pause", (channel_id, key) => ({ path: "/api/channel/pause", body: { channel_id, key } })],
  ["resume", (channel_id, key) => ({ path: "/api/channel/resume", body: { channel_id, key } })],
  ["guard-reset", (channel_id, key) => ({ path: "/api/channel/guard-reset", body: { channel_id, key } })],
  ["listen", (id, key) => ({ path: `/api/channel/${id}/listen?key=${key}&after=1` })],
  ["listen to several", (id, key) => ({ path: `/api/listen?key=${key}&after=${id}:1` })],
  ["delete", (id, key) => ({ path: `/api/channel/${id}?key=${key}`, method: "DELETE" })],
];

interface Caller {
  readonly mode: string;
  readonly as: string;
  readonly by?: () => Identity;
}
const CALLERS: readonly Caller[] = [
  { mode: "plain", as: TEAM.text },
  { mode: "plain admin", as: HUB_KEY },
  { mode: "bound", as: BOUND.text },
  { mode: "signed", as: TEAM.text, by: () => stranger },
  { mode: "signed admin", as: HUB_KEY, by: () => stranger },
];

const MATRIX = CALLERS.flatMap((caller) =>
  ROUTES.map(([name, request]) => [caller.mode, name, caller, request] as const),
);

test.each(MATRIX)(
  "[T4] [IDN1] [IDN5] %s: %s refuses a key that another proves, and changes nothing",
  async (_mode, _name, caller, request) => {
    const id = await room();
    for (const key of victimsOf(caller.mode)) {
      await withoutTrace(hub.url, id, async () => {
        const answer = await ask(hub.url, { ...request(id, key), as: caller.as, by: caller.by?.() });
        expect(outcome(answer), key).toBe("403 identity_mismatch");
      });
    }
  },
);

/** Keys that are proven by others, or, for a bound caller, just not its own. */
function victimsOf(mode: string): string[] {
  return mode === "bound" ? [me.key, "alpha"] : [me.key, "bot-1"];
}

test.each(CALLERS.map((caller) => [caller.mode, caller] as const))(
  "[T4] [IDN1] %s: an upgrade refuses a key that another proves, before anything is joined",
  async (mode, { as, by }) => {
    const id = await room();
    for (const key of victimsOf(mode)) {
      await withoutTrace(hub.url, id, async () => {
        expect(await upgrade(id, `key=${key}`, as, by?.()), key).toBe("403 identity_mismatch");
      });
    }
  },
);

/** The tool's call over /mcp, as an agent's host makes it. */
async function tool(
  args: object,
  { as, by }: { as: string; by?: Identity | undefined },
  headers: Record<string, string> = {},
): Promise<string> {
  const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "spf_channel", arguments: args } };
  const { url, init } = await prepare(hub.url, { path: "/mcp", body, as, by });
  const answer = await deliver({ url, init: { ...init, headers: { ...init.headers, ...headers } } });
  expect(answer.status).toBe(200);
  return answer.body.result.content[0].text as string;
}

const ACTIONS: readonly (readonly [action: string, args: (channel: string) => object])[] = [
  ["create", () => ({ action: "create", channel: "another" })],
  ["join", (channel) => ({ action: "join", channel })],
  ["send", (channel) => ({ action: "send", channel, text: "hi" })],
  ["leave", (channel) => ({ action: "leave", channel })],
  ["listen", (channel) => ({ action: "listen", channel, wait: 0 })],
  ["connect", (channel) => ({ action: "connect", channel })],
];
const TOOL_MATRIX = CALLERS.flatMap((caller) =>
  ACTIONS.map(([action, args]) => [caller.mode, action, caller, args] as const),
);

test.each(TOOL_MATRIX)(
  "[T4] [IDN1] %s: the tool's %s refuses a key that another proves, as an argument and as a header",
  async (mode, _action, caller, args) => {
    const id = await room();
    for (const key of victimsOf(mode)) {
      await withoutTrace(hub.url, id, async () => {
        const asking = { as: caller.as, by: caller.by?.() };
        expect(await tool({ ...args(id), key }, asking), key).toMatch(/^Error identity_mismatch/m);
        expect(await tool(args(id), asking, { "x-hub-agent": key }), key).toMatch(/^Error identity_mismatch/m);
      });
    }
  },
);

test("[T4] [IDN1] the tool's name is a label: another's name gives no other key", async () => {
  const id = await room();
  const who = { channel: id, key: "carol", name: "bot-1" };
  await tool({ action: "join", ...who }, { as: TEAM.text });
  await tool({ action: "send", text: "I am the bot", ...who }, { as: TEAM.text });
  const { messages } = await history(hub.url, id, "?limit=1");
  expect(messages).toMatchObject([{ from: "carol", from_name: "bot-1", verified: false }]);
});

interface Own extends Caller {
  readonly key: () => string;
  readonly verified: boolean;
}
const OWN: readonly Own[] = [
  { mode: "plain", as: TEAM.text, key: () => "alpha", verified: false },
  { mode: "bound", as: BOUND.text, key: () => "bot-1", verified: true },
  { mode: "signed", as: TEAM.text, by: () => me, key: () => me.key, verified: true },
];

test.each(OWN)(
  "[IDN1] $mode: every route takes the caller's own key, and says how sure it is",
  async ({ as, by, key: own, verified }) => {
    const [id, key] = [await room(), own()];
    const asked = (path: string, body: object): Promise<Json> => ask(hub.url, { path, body, as, by: by?.() });
    const explicit = { channel_id: id, key };
    const silent = verified ? { channel_id: id } : explicit;
    for (const body of [explicit, silent]) {
      const sent = await asked("/api/channel/send", { ...body, text: "mine" });
      expect(sent).toMatchObject({ status: 200, body: { message: { from: key, verified } } });
      expect(outcome(await asked("/api/channel/read", { ...body, seq: 2 }))).toBe("ok");
      expect(outcome(await asked("/api/channel/leave", body))).toBe("ok");
      expect(outcome(await asked("/api/channel/join", body))).toBe("ok");
    }
    expect(await upgrade(id, verified ? "name=X" : `key=${key}`, as, by?.())).toBe("ok");
    expect(await upgrade(id, `key=${key}`, as, by?.())).toBe("ok");
    const { body } = await call(hub.url, `/api/channel/${id}`);
    expect(body.participants.find((one: Json) => one.key === key)).toMatchObject({ verified });
  },
);

test("[IDN1] a name is a label, whoever carries it: another's name gives no other key", async () => {
  const id = await room();
  const sent = await ask(hub.url, {
    path: "/api/channel/send",
    body: { channel_id: id, key: "alpha", name: "bot-1", from: me.key, verified: true, text: "I am the bot" },
    as: TEAM.text,
  });
  expect(sent.body.message).toMatchObject({ from: "alpha", from_name: "bot-1", verified: false });
});

test.each([
  ["plain", TEAM.text, undefined],
  ["bound", BOUND.text, undefined],
  ["signed", TEAM.text, () => me],
] as const)("[T7] [IDN4] %s: nobody sends as the system", async (_mode, as, by) => {
  const id = await room();
  const proven = by === undefined ? undefined : by();
  const key = _mode === "plain" ? { key: "alpha" } : {};
  await withoutTrace(hub.url, id, async () => {
    const body = { channel_id: id, ...key, text: "x", msg_type: "system" };
    expect(outcome(await ask(hub.url, { path: "/api/channel/send", body, as, by: proven }))).toBe(
      "400 reserved_msg_type",
    );
  });
});

test("[IDN1] a key proven in one channel cannot be carried over to speak in another", async () => {
  const [id, other] = [await room(), await room()];
  const body = { channel_id: id, text: "for one room" };
  const { url, init } = await prepare(hub.url, { path: "/api/channel/send", body, as: TEAM.text, by: me });
  await withoutTrace(hub.url, other, async () => {
    const moved = init.body?.replace(`"${id}"`, `"${other}"`) ?? "";
    expect(outcome(await deliver({ url, init: { ...init, body: moved } }))).toBe("401 bad_signature");
  });
});

test("[T6] [IDN2] a request signed for one hub is none at another, nor under another name of this one", async () => {
  const path = "/api/channel/list";
  const signed = await signRequest({ method: "GET", url: `https://other.example${path}` }, me, Date.now());
  expect(outcome(await rawCall(hub, { path, headers: signed }))).toBe("401 bad_signature");
  const mine = await signRequest({ method: "GET", url: hub.url + path }, me, Date.now());
  expect(outcome(await rawCall(hub, { path, headers: { ...mine, host: `localhost:${hub.port}` } }))).toBe(
    "401 bad_signature",
  );
  expect(outcome(await rawCall(hub, { path, headers: mine }))).toBe("ok");
});

test.each([
  "/api/channel/list?",
  "/api/./channel/list",
  "/api/x/../channel/list",
  "/api/%2e/channel/list",
  "/api/channel/list?a='",
])("[IDN2] the URL %s is not canonical, which is refused before the signature is looked at", async (path) => {
  const headers = await signRequest({ method: "GET", url: hub.url + path }, me, Date.now());
  expect(outcome(await rawCall(hub, { path, headers }))).toBe("400 bad_target");
  expect(outcome(await rawCall(hub, { path, headers: { signature: "x" } }))).toBe("400 bad_target");
});

/** Messages and members, in no order that a crash could change. */
async function roomOf(id: string): Promise<Json> {
  const { participants, ...summary } = await summaryOf(hub.url, id);
  return { ...summary, participants: new Set(participants) };
}

test("[T6] [IDN2] replays of upgrade, join, leave and read are refused, of send and create answered, before and after a crash", async () => {
  const id = await room();
  const body = { channel_id: id };
  const asked = (path: string, more: object): Promise<Awaited<ReturnType<typeof prepare>>> =>
    prepare(hub.url, { path: `/api/channel/${path}`, body: { ...body, ...more }, as: TEAM.text, by: me });
  const once = [await asked("read", { seq: 2 }), await asked("leave", {}), await asked("join", {})];
  const send = await asked("send", { text: "once" });
  const create = await prepare(hub.url, { path: "/api/channel/create", body: { name: "one" }, as: TEAM.text, by: me });
  const url = `${hub.url}/ws/channel/${id}`;
  const socket = {
    "x-spf-key": TEAM.text,
    ...(await signRequest({ method: "GET", url: `${url}?echo=0` }, me, Date.now())),
  };
  for (const request of once) expect(outcome(await deliver(request))).toBe("ok");
  const [sent, created] = [await deliver(send), await deliver(create)];
  const agent = await Agent.connect(hub.url, id, "echo=0", socket);
  await agent.next();
  await agent.close();
  const before = await roomOf(id);
  for (let crashed = 0; crashed < 2; crashed++) {
    for (const request of once) expect(outcome(await deliver(request))).toBe("409 replay");
    const again = await Agent.connect(hub.url, id, "echo=0", socket).catch((error: unknown) => error as UpgradeRefused);
    expect(again).toMatchObject({ status: 409, body: { code: "replay" } });
    expect(await deliver(send)).toMatchObject({ status: 200, body: { message: sent.body.message, duplicate: true } });
    expect((await deliver(create)).body).toEqual(created.body);
    expect(await roomOf(id)).toEqual(before);
    await hub.kill();
    await hub.restart();
  }
});

test("[T6] [IDN2] a signed send or create of the tool that is repeated is the first one again", async () => {
  const id = await room();
  const asked = (args: object): ReturnType<typeof prepare> => {
    const params = { name: "spf_channel", arguments: args };
    const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
    return prepare(hub.url, { path: "/mcp", body, as: TEAM.text, by: me });
  };
  const send = await asked({ action: "send", channel: id, text: "once by the tool" });
  const create = await asked({ action: "create", channel: "once by the tool" });
  for (let time = 0; time < 2; time++) for (const request of [send, create]) await deliver(request);
  const { messages } = await history(hub.url, id, "?limit=1000");
  expect(messages.filter(({ text }: Json) => text === "once by the tool")).toHaveLength(1);
  const { channels } = (await call(hub.url, "/api/channel/list?limit=1000")).body;
  expect(channels.filter(({ name }: Json) => name === "once by the tool")).toHaveLength(1);
});

test("[T6] [IDN2] a signed request for a ticket that is repeated gives tickets of which one is good", async () => {
  const id = await room();
  const request = await prepare(hub.url, { path: "/api/ticket", body: { channel_id: id }, as: TEAM.text, by: me });
  const [first, second] = [(await deliver(request)).body, (await deliver(request)).body];
  const connect = ({ ticket, url }: Json): Promise<Agent> =>
    Agent.over(new WebSocket(url, ["spf.v1", `spf.ticket.${ticket}`]));
  const agent = await connect(first);
  await expect(connect(second)).rejects.toMatchObject({ status: 409, body: { code: "replay" } });
  await agent.close();
});

test("[IDN1] the proof ends plain sockets of the key in the same turn, and plain claims for good, a crash included", async () => {
  const { identity } = await createIdentity();
  const id = await room();
  const [plain, twin] = [
    await connected(hub.url, id, `key=${identity.key}`),
    await connected(hub.url, id, `key=${identity.key}`),
  ];
  const watcher = await connected(hub.url, id, "key=alpha");
  expect(await plain.ask({ action: "send", text: "claimed" })).toMatchObject({
    type: "ack",
    data: { verified: false },
  });
  expect(await watcher.next()).toMatchObject({ data: { text: "claimed" } });
  const body = { channel_id: id, text: "proven" };
  expect(outcome(await ask(hub.url, { path: "/api/channel/send", body, as: TEAM.text, by: identity }))).toBe("ok");
  expect(await watcher.next()).toMatchObject({ data: { text: "proven", verified: true } });
  for (const socket of [plain, twin]) {
    expectError(await socket.next(), { is: "forbidden", says: "this key was proven by its owner" }, true);
    expect(await socket.untilClosed()).toMatchObject({ code: 4503, reason: "forbidden" });
  }
  for (let crashed = 0; crashed < 2; crashed++) {
    expect(await upgrade(id, `key=${identity.key}`, TEAM.text)).toBe("403 identity_mismatch");
    expect(
      outcome(
        await ask(hub.url, { path: "/api/channel/leave", body: { channel_id: id, key: identity.key }, as: HUB_KEY }),
      ),
    ).toBe("403 identity_mismatch");
    await hub.kill();
    await hub.restart();
  }
});

test.each([
  ["GET", (id: string) => `/api/channel/${id}`],
  ["GET", (id: string) => `/api/channel/${id}/history?limit=1`],
] as const)("[IDN1] a signed %s of a channel counts as proof there", async (method, path) => {
  const { identity } = await createIdentity();
  const id = await room();
  const plain = await connected(hub.url, id, `key=${identity.key}`);
  expect(outcome(await ask(hub.url, { method, path: path(id), as: TEAM.text, by: identity }))).toBe("ok");
  expectError(await plain.next(), { is: "forbidden", says: "proven" }, true);
});

test("[IDN1] the tool's history, signed, counts as proof in its channel too", async () => {
  const { identity } = await createIdentity();
  const id = await room();
  const plain = await connected(hub.url, id, `key=${identity.key}`);
  expect(await tool({ action: "history", channel: id }, { as: TEAM.text, by: identity })).not.toMatch(/^Error/m);
  expectError(await plain.next(), { is: "forbidden", says: "proven" }, true);
});

test("[IDN1] eight sockets of a claimant do not keep the owner of the key out", async () => {
  const { identity } = await createIdentity();
  const id = await room();
  const claimed = await Promise.all(Array.from({ length: 8 }, () => connected(hub.url, id, `key=${identity.key}`)));
  expect(await upgrade(id, "echo=1", TEAM.text, identity)).toBe("ok");
  for (const socket of claimed) {
    expectError(await socket.next(), { is: "forbidden", says: "proven" }, true);
  }
});

test("[IDN1] who only claims a key cannot use up its owner's rate", async () => {
  const variables = { HUB_RATE_PER_SECOND: "1", HUB_RATE_BURST: "3", HUB_KEYS: TEAM.entry };
  const own = await patchedHub([SPENT_FOR_GOOD], variables);
  const made = await ask(own.url, { path: "/api/channel/create", body: { name: "calm" }, as: TEAM.text, by: me });
  const body = { channel_id: made.body.channel_id as string, key: me.key, text: "hi" };
  const say = (by?: Identity): Promise<string> =>
    ask(own.url, { path: "/api/channel/send", body, as: TEAM.text, by }).then(outcome);
  const claims = [await say(), await say(), await say(), await say()];
  expect(claims).toEqual([...Array.from({ length: 3 }, () => "403 identity_mismatch"), "429 rate_limited"]);
  expect(await say(me)).toBe("ok");
  await endCalmly(own);
});

test("[IDN1] what a signed creator made is not a claimant's to speak in", async () => {
  const made = await ask(hub.url, { path: "/api/channel/create", body: { name: "mine" }, as: TEAM.text, by: me });
  const id = made.body.channel_id as string;
  expect(await upgrade(id, `key=${me.key}`, TEAM.text)).toBe("403 identity_mismatch");
});

test("[IDN1] a channel is deleted by its proven creator or with an admin's hub key, and by nobody else", async () => {
  const made = await ask(hub.url, { path: "/api/channel/create", body: { name: "mine" }, as: TEAM.text, by: me });
  const id = made.body.channel_id as string;
  const remove = (as: string, by?: Identity, key = ""): Promise<string> =>
    ask(hub.url, { path: `/api/channel/${id}${key}`, method: "DELETE", as, by }).then(outcome);
  await withoutTrace(hub.url, id, async () => {
    expect(await remove(TEAM.text)).toBe("401 signature_required");
    expect(await remove(TEAM.text, undefined, `?key=${me.key}`)).toBe("403 identity_mismatch");
    expect(await remove(TEAM.text, stranger)).toBe("403 forbidden");
    expect(await remove(BOUND.text)).toBe("403 forbidden");
    expect(await remove(TEAM.text, stranger, `?key=${me.key}`)).toBe("403 identity_mismatch");
  });
  expect(await remove(TEAM.text, me)).toBe("ok");
  expect(await remove(TEAM.text, me)).toBe("410 channel_deleted");
  const another = await room();
  expect(outcome(await ask(hub.url, { path: `/api/channel/${another}`, method: "DELETE", as: HUB_KEY }))).toBe("ok");
});

test("[IDN1] HUB_REQUIRE_VERIFIED=1 takes no plain claim anywhere, and signed and bound ones as ever", async () => {
  const own = await startHub({ HUB_KEYS: BOUND.entry, HUB_REQUIRE_VERIFIED: "1" });
  onTestFinished(() => endCalmly(own));
  const made = await ask(own.url, { path: "/api/channel/create", body: { name: "strict" }, as: HUB_KEY, by: me });
  const id = made.body.channel_id as string;
  for (const [name, request] of ROUTES) {
    if (name === "delete") continue;
    expect(outcome(await ask(own.url, { ...request(id, "alpha"), as: HUB_KEY })), name).toBe("401 signature_required");
  }
  const refused = await Agent.connect(own.url, id, "key=alpha").catch((error: unknown) => error as UpgradeRefused);
  expect(refused).toMatchObject({ status: 401, body: { code: "signature_required" } });
  expect(outcome(await ask(own.url, { path: "/api/channel/join", body: { channel_id: id }, as: BOUND.text }))).toBe(
    "ok",
  );
  expect((await history(own.url, id)).meta.last_seq).toBe(2);
});
