/** What answers in the hub's place: a client is never ended by it, and says what was seen. */
import { expect, test } from "vitest";
import { HubClient, type StateChange } from "../../src/client/index.ts";
import {
  ack,
  ALPHA,
  connected,
  failureOf,
  live,
  messages,
  newHub,
  outcomeOf,
  page,
} from "../support/client-fixture.ts";
import { ANSWER, FakeHost, json } from "../support/fake-host.ts";

const LIES = [
  ["a page for a missing path", { status: 404, text: "<html>no such app</html>", type: "text/html" }],
  ["a proxy that forbids", { status: 403, text: "<h1>Forbidden</h1>", type: "text/html" }],
  ["a login that is wanted", { status: 401, text: "who are you?" }],
  ["a captive portal", { status: 302, text: "", location: "https://portal.example/login" }],
  ["a portal's page", { status: 200, text: "<html>accept the terms</html>", type: "text/html" }],
  ["a proxy without its hub", { status: 502, text: "Bad Gateway" }],
  ["another API", json(404, { ok: false, error: "no", code: "channel_not_found" })],
  ["another API that is content", json(200, { ok: true })],
  ["a page that is gone", { status: 410, text: "gone" }],
  ["JSON under another name", { status: 426, text: "[]", type: "application/json" }],
] as const;

/** Lets the next attempt come, which fails as `fail` says. */
async function attempt(host: FakeHost, fail: (host: FakeHost) => Promise<void>): Promise<void> {
  await fail(host);
  await host.settle();
  const count = host.sockets.length;
  while (host.sockets.length === count) await host.advance(500);
}

const unseen = async (host: FakeHost): Promise<void> => (await host.socket()).events.closed(1006, "");

test.each(LIES)(
  "[SOC2] while a hub restarts, %s ends nothing: the send that was on its way arrives",
  async (_what, lie) => {
    for (const carried of ["seen", "unseen"]) {
      const { host, channel, socket } = await connected();
      const changes: StateChange[] = [];
      channel.on("state", (change) => changes.push(change));
      const sent = outcomeOf(channel.send("on its way"));
      socket.events.closed(1012, "");
      host.answer = () => lie;
      const fail = carried === "unseen" ? unseen : async () => (await host.socket()).events.refused(lie);
      await host.advance(500);
      for (let times = 0; times < 4; times++) await attempt(host, fail);
      const failed = changes.filter(({ state, attempt: count }) => state === "disconnected" && count > 1);
      expect(failed.length).toBe(4);
      if (carried === "seen") expect(failed[0]?.reason).toContain(`(status ${lie.status}`);
      const next = await host.socket();
      next.events.opened();
      next.say(page([], { last_seq: 3 })).flush();
      expect(next.take()).toMatchObject([{ text: "on its way" }]);
      next.say(ack(4, "id1-1")).flush();
      await host.settle();
      expect(sent.is).toMatchObject({ message: { seq: 4 } });
    }
  },
);

test.each(LIES)("a first connect is told of %s, tries again, and says it after 30 s", async (_what, lie) => {
  const host = new FakeHost();
  host.answer = () => lie;
  const heard: StateChange[] = [];
  const connecting = outcomeOf(newHub(host).connect("ch-1", { notice: (change) => heard.push(change) }));
  const begun = host.time;
  while (connecting.is === "open") {
    const socket = await host.socket();
    if (!socket.isDropped) socket.events.refused(lie);
    await host.advance(100);
  }
  expect(connecting.is).toMatchObject({ code: "bad_answer", status: lie.status });
  expect(host.time - begun).toBeLessThanOrEqual(30_000);
  expect(heard.filter(({ state, code }) => state === "disconnected" && code === "bad_answer").length).toBeGreaterThan(
    3,
  );
  expect(host.timers).toBe(0);
});

test.each([
  ["frames of another protocol", (text: (data: string) => void) => text("hello, who are you?")],
  ["JSON of another protocol", (text: (data: string) => void) => text('{"jsonrpc":"2.0"}')],
  ["a frame out of order", (text: (data: string) => void) => text(JSON.stringify(live(4)))],
  [
    "an end with a final code and no word",
    (_: unknown, closed: (code: number, reason: string) => void) => closed(4504, ""),
  ],
  ["a limit of its own", (_: unknown, closed: (code: number, reason: string) => void) => closed(1009, "too big")],
] as const)("a socket that is opened by something else is given up at once: %s", async (_what, lie) => {
  const { host, channel, socket } = await connected();
  const changes: StateChange[] = [];
  channel.on("state", (change) => changes.push(change));
  socket.events.closed(1006, "");
  await host.advance(500);
  const liar = await host.socket();
  liar.events.opened();
  lie(liar.events.text, liar.events.closed);
  expect(channel.state).toBe("disconnected");
  expect(changes.at(-1)?.reason).not.toBe("");
  await host.advance(1000);
  const next = await host.socket();
  expect(next).not.toBe(liar);
  next.events.opened();
  next.say(page(messages(4, 4))).flush();
  expect(channel.state).toBe("connected");
});

test("an option lets a first connect wait for ever, in bounded memory, and hears of each attempt", async () => {
  const host = new FakeHost();
  const heard: StateChange[] = [];
  const options = { wait_ms: Infinity, notice: (change: StateChange): void => void heard.push(change) };
  const connecting = newHub(host).connect("ch-1", options);
  for (let times = 0; times < 50; times++) await attempt(host, unseen);
  expect(heard.filter(({ state }) => state === "disconnected")).toHaveLength(50);
  const socket = await host.socket();
  socket.events.opened();
  socket.say(page(messages(1, 3))).flush();
  const channel = await connecting;
  const changes: StateChange[] = [];
  channel.on("state", (change) => changes.push(change));
  await host.advance(0);
  // A listener hears of the attempt that led to it, not of all that failed.
  expect(changes.map(({ state }) => state)).toEqual(["connecting", "connected"]);
});

test("wait_ms 0 is one attempt, and a wait that the hub wants beyond the end is not begun", async () => {
  const host = new FakeHost();
  const one = failureOf(newHub(host).connect("ch-1", { wait_ms: 0 }));
  await unseen(host);
  expect(await one).toMatchObject({ code: "network" });
  expect(host.sockets).toHaveLength(1);
  const full = { ok: false, error: "full", code: "too_many_sockets", request_id: "r", retry_after_ms: 30_000 };
  host.answer = () => json(429, full);
  const late = failureOf(newHub(host).connect("ch-1"));
  await unseen(host);
  expect(await late).toMatchObject({ code: "too_many_sockets", retry_after_ms: 30_000 });
});

test("the abort of one caller is not that of another, and the last to leave ends the connection", async () => {
  const host = new FakeHost();
  const hub = newHub(host);
  const [first, second] = [new AbortController(), new AbortController()];
  const aborted = failureOf(hub.connect("ch-1", { signal: first.signal }));
  const other = outcomeOf(hub.connect("ch-1", { signal: second.signal }));
  const socket = await host.socket();
  first.abort();
  expect(await aborted).toMatchObject({ code: "disconnected", message: "the connect was aborted" });
  await host.settle();
  expect([other.is, socket.isDropped]).toEqual(["open", false]);
  socket.events.opened();
  socket.say(page(messages(1, 3))).flush();
  await host.settle();
  expect(other.is).toMatchObject({ id: "ch-1" });
  second.abort();
  expect(hub.connections()).toHaveLength(1);
  // A caller that comes to what is connected waits for nothing, whatever its signal says.
  expect(await hub.connect("ch-1", { signal: second.signal })).toBe(other.is);

  const lone = new FakeHost();
  const lonely = newHub(lone);
  const signals = [new AbortController(), new AbortController()];
  const both = signals.map(({ signal }) => failureOf(lonely.connect("ch-1", { signal })));
  const abandoned = await lone.socket();
  for (const one of signals) one.abort();
  await Promise.all(both);
  expect([abandoned.isDropped, lonely.connections(), lone.timers]).toEqual([true, [], 0]);
});

test("a caller that gives up early leaves one that waits for ever", async () => {
  const host = new FakeHost();
  const hub = newHub(host);
  const early = failureOf(hub.connect("ch-1", { wait_ms: 0 }));
  const late = outcomeOf(hub.connect("ch-1", { wait_ms: Infinity }));
  await unseen(host);
  expect(await early).toMatchObject({ code: "network" });
  await host.advance(500);
  const socket = await host.socket();
  socket.events.opened();
  socket.say(page(messages(1, 3))).flush();
  await host.settle();
  expect(late.is).toMatchObject({ id: "ch-1" });
});

/** A signing client whose machine's clock is `late` milliseconds behind the hub's. */
function signing(late: number): {
  host: FakeHost;
  hub: HubClient;
  signed: (number | undefined)[];
  skewed: () => number;
} {
  const host = new FakeHost();
  const signed: (number | undefined)[] = [];
  let refusals = 0;
  const authorize = async ({ now }: { now?: number }): Promise<Record<string, string>> => {
    signed.push(now);
    return { signature: String(now ?? host.now()) };
  };
  host.answer = ({ headers, url }) => {
    const hubs = host.now() + late;
    if (Math.abs(hubs - Number(headers["signature"])) <= MINUTE) return json(200, { ...ANSWER, id: url });
    refusals++;
    return json(401, { ...SKEW, server_time: Math.floor(hubs / 1000) });
  };
  return {
    host,
    hub: new HubClient({ url: "https://hub.example", agent: ALPHA, authorize, host }),
    signed,
    skewed: () => refusals,
  };
}
const MINUTE = 60_000;
const SKEW = { ok: false, error: "created is too old", code: "clock_skew", request_id: "r" };

test.each([10 * MINUTE, -10 * MINUTE, 50 * 365 * 24 * 60 * MINUTE])(
  "[IDN2] a clock that is %i ms off is learnt from the first refusal, and kept",
  async (late) => {
    const { hub, signed, skewed } = signing(late);
    await hub.api.health();
    await hub.api.leave("ch-1");
    expect([skewed(), signed.length]).toEqual([1, 3]);
  },
);

test("[IDN2] a clock that was learnt and is set right is learnt again", async () => {
  const { host, hub, skewed } = signing(10 * MINUTE);
  await hub.api.health();
  const hubs = host.now() + 10 * MINUTE;
  host.leap(10 * MINUTE);
  host.answer = ({ headers }) => {
    const isRight = Math.abs(hubs - Number(headers["signature"])) <= MINUTE;
    return isRight ? json(200, ANSWER) : json(401, { ...SKEW, server_time: Math.floor(hubs / 1000) });
  };
  await hub.api.health();
  expect(skewed()).toBe(1);
});

test("[IDN2] who signs with a wrong clock whatever it is told is refused, after one more try", async () => {
  const { host, hub } = signing(10 * MINUTE);
  host.answer = () => json(401, { ...SKEW, server_time: Math.floor((host.now() + 10 * MINUTE) / 1000) });
  expect(await failureOf(hub.api.health())).toMatchObject({ code: "clock_skew", status: 401 });
  expect(host.requests).toHaveLength(2);
  host.requests.length = 0;
  // A liar that tells another time each time does not keep it busy.
  let told = 0;
  host.answer = () => json(401, { ...SKEW, server_time: (told += 100) });
  expect(await failureOf(hub.api.health())).toMatchObject({ code: "clock_skew" });
  expect(host.requests).toHaveLength(3);
});

test.each(["seen", "unseen"])("[IDN2] an upgrade that is refused for the clock is signed anew: %s", async (how) => {
  const { host, hub, signed } = signing(10 * MINUTE);
  const connecting = outcomeOf(hub.connect("ch-1"));
  const refused = await host.socket();
  if (how === "unseen") refused.events.closed(1006, "");
  else refused.events.refused(json(401, { ...SKEW, server_time: Math.floor(host.now() / 1000) + 600 }));
  await host.advance(250);
  const socket = await host.socket();
  expect(socket).not.toBe(refused);
  expect(Math.abs((signed.at(-1) ?? 0) - host.now() - 10 * MINUTE)).toBeLessThan(2000);
  socket.events.opened();
  socket.say(page(messages(1, 3))).flush();
  await host.settle();
  expect(connecting.is).toMatchObject({ id: "ch-1" });
});

test("what authorize throws is said to be its own fault, and passes", async () => {
  const host = new FakeHost();
  const authorize = async (): Promise<never> => {
    throw new Error("the vault is sealed");
  };
  const hub = new HubClient({ url: "https://hub.example", agent: ALPHA, authorize, host });
  expect(await failureOf(hub.api.health())).toMatchObject({
    code: "not_signed",
    message: "authorize failed: the vault is sealed",
  });
});
