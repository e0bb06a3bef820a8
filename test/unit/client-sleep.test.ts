/** A client on a machine that sleeps, wakes, and whose clocks are set: nothing is stored twice, and dead links are found out. */
import { expect, test } from "vitest";
import { Clock } from "../../src/client/clock.ts";
import type { StateChange } from "../../src/client/index.ts";
import { ack, connected, live, message, messages, outcomeOf, page, type Stage } from "../support/client-fixture.ts";
import { FakeHost, type FakeSocket } from "../support/fake-host.ts";

const MINUTE = 60_000;
/** A wake is noticed at the next look. */
const LOOK = 5000;

/** The ways in which a machine's clocks go through a sleep. */
const SLEEPS = [
  ["one clock stands still", (host: FakeHost, ms: number) => host.leap(ms)],
  ["both clocks go on", (host: FakeHost, ms: number) => host.oversleep(ms)],
] as const;

/** Alpha has a send without an answer, and sleeps. */
async function asleep(sleep: (typeof SLEEPS)[number][1], ms: number): Promise<Stage & { sent: { is: unknown } }> {
  const stage = await connected();
  const sent = outcomeOf(stage.channel.send("before"));
  await stage.host.advance(1000);
  stage.socket.take();
  sleep(stage.host, ms);
  return { ...stage, sent };
}

/** The machine wakes with a dead link: gives the next one. */
async function awake({ host }: Stage): Promise<FakeSocket> {
  const count = host.sockets.length;
  for (let ms = 0; ms < MINUTE && host.sockets.length === count; ms += 500) await host.advance(500);
  const next = await host.socket();
  next.events.opened();
  return next;
}

const own = (seq: number, text: string): ReturnType<typeof message> =>
  message(seq, { from: "alpha", text, client_msg_id: "id1-1" });

test.each(SLEEPS)(
  "[DUR3] after ten minutes of sleep a send that was stored is known by the page: %s",
  async (_what, sleep) => {
    const stage = await asleep(sleep, 10 * MINUTE);
    const next = await awake(stage);
    expect(next.request.url).toContain("&after=3&epoch=e1");
    expect(next.take()).toEqual([]);
    next.say(page([own(4, "before"), message(5)])).flush();
    await stage.host.settle();
    expect(stage.sent.is).toMatchObject({ message: { seq: 4 }, duplicate: true, delivered: 0 });
    expect(next.take()).toEqual([]);
  },
);

test.each(SLEEPS)(
  "[DUR3] a send that the page does not show was not stored, and is not repeated: %s",
  async (_what, sleep) => {
    const stage = await asleep(sleep, 10 * MINUTE);
    const next = await awake(stage);
    next.say(page([message(4)], { complete: false, last_seq: 5 })).flush();
    await stage.host.settle();
    expect(stage.sent.is).toBe("open");
    next.say(page([message(5)], {}, "read-on")).flush();
    await stage.host.settle();
    expect(stage.sent.is).toMatchObject({ code: "not_sent", client_msg_id: "id1-1" });
    expect(next.take()).toMatchObject([{ action: "history" }]);
  },
);

test("[DUR3] only where the page has a gap the hub cannot tell what became of an old send", async () => {
  const stage = await asleep(SLEEPS[0][1], 10 * MINUTE);
  const next = await awake(stage);
  const gap = { from: 4, to: 9, reason: "evicted" } as const;
  next.say(page(messages(10, 12), { gap, first_seq: 10 })).flush();
  await stage.host.settle();
  expect(stage.sent.is).toMatchObject({ code: "outcome_unknown", client_msg_id: "id1-1" });
  expect(next.take()).toEqual([]);
});

test("[DUR3] a message of the same id and other words settles nothing", async () => {
  const stage = await asleep(SLEEPS[0][1], 10 * MINUTE);
  const next = await awake(stage);
  next.say(page([own(4, "other words")])).flush();
  await stage.host.settle();
  expect(stage.sent.is).toMatchObject({ code: "not_sent" });
});

test("[DUR3] a send that is young after a short sleep is settled by the page, and else repeated", async () => {
  const stage = await connected();
  const first = outcomeOf(stage.channel.send("before"));
  const second = outcomeOf(stage.channel.send("after"));
  stage.host.leap(2 * MINUTE);
  const next = await awake(stage);
  next.say(page([own(4, "before")])).flush();
  await stage.host.settle();
  expect(first.is).toMatchObject({ message: { seq: 4 }, duplicate: true });
  expect(next.take()).toMatchObject([{ action: "send", text: "after", client_msg_id: "id1-2" }]);
  next.say(ack(5, "id1-2")).flush();
  await stage.host.settle();
  expect(second.is).toMatchObject({ message: { seq: 5 }, duplicate: false });
});

test("[DUR3] an own message that comes live by another way settles its send", async () => {
  const { host, channel, socket } = await connected();
  const sent = outcomeOf(channel.send("before"));
  socket.say(live(4, { from: "alpha", text: "before", client_msg_id: "id1-1" })).flush();
  await host.settle();
  expect(sent.is).toMatchObject({ message: { seq: 4 }, duplicate: true });
  expect(channel.position?.seq).toBe(4);
});

test("[DUR3] a history that the application asks for settles what it shows", async () => {
  const { host, channel, socket } = await connected();
  const sent = outcomeOf(channel.send("before"));
  socket.take();
  const meta = { epoch: "e1", first_seq: 1, last_seq: 4, gap: null, complete: true };
  const body = { ok: true, channel_id: "ch-1", messages: [own(4, "before")], count: 1, meta };
  host.answer = () => ({ status: 200, text: JSON.stringify(body) });
  await channel.history();
  await host.settle();
  expect(sent.is).toMatchObject({ message: { seq: 4 }, duplicate: true });
});

test("[DUR3] a clock that is set forward and back neither repeats what is old nor hides a sleep after it", async () => {
  const stage = await connected();
  stage.host.leap(60 * MINUTE);
  await stage.host.advance(LOOK);
  stage.socket.say("pong").flush();
  stage.host.leap(-60 * MINUTE);
  await stage.host.advance(LOOK);
  const sent = outcomeOf(stage.channel.send("before"));
  stage.host.leap(10 * MINUTE);
  const next = await awake(stage);
  next.say(page([])).flush();
  await stage.host.settle();
  expect(sent.is).toMatchObject({ code: "not_sent" });
  expect(next.take()).toEqual([]);
});

test("[DUR3] a send that a living link does not answer in four minutes is looked for in the channel", async () => {
  const { host, channel, socket } = await connected();
  const sent = outcomeOf(channel.send("before"));
  for (let ms = 0; ms < 4 * MINUTE; ms += 1000) {
    socket.say("pong").flush();
    await host.advance(1000);
  }
  expect(socket.isDropped).toBe(true);
  await host.advance(1000);
  const next = await host.socket();
  next.events.opened();
  next.say(page([own(4, "before")])).flush();
  await host.settle();
  expect(sent.is).toMatchObject({ message: { seq: 4 } });
});

test.each(SLEEPS)("[SOC5] a link that is dead after waking is noticed within seconds: %s", async (_what, sleep) => {
  const { host, channel, socket } = await connected();
  const changes: StateChange[] = [];
  channel.on("state", (change) => changes.push(change));
  await host.advance(1000);
  sleep(host, 10 * MINUTE);
  await host.advance(LOOK);
  expect(socket.take()).toEqual(["ping"]);
  await host.advance(5000);
  expect(socket.isDropped).toBe(true);
  expect(changes.map(({ reason }) => reason)).toContain("no sign of the hub for 5 s");
});

test("[SOC5] a link that lives after waking is kept, also when its pong was due in the sleep", async () => {
  const { host, socket } = await connected();
  await host.advance(25_000);
  expect(socket.take()).toEqual(["ping"]);
  host.leap(10 * MINUTE);
  await host.advance(LOOK);
  expect([socket.isDropped, socket.take()]).toEqual([false, []]);
  socket.say("pong").flush();
  await host.advance(9000);
  expect([socket.isDropped, socket.take()]).toEqual([false, ["ping"]]);
});

test("[SOC5] a wait for the next attempt ends when the machine wakes", async () => {
  const { host, channel, socket } = await connected();
  host.roll = 0.999;
  socket.events.closed(1006, "");
  for (let tries = 0; tries < 8; tries++) {
    await host.advance(30_000);
    (await host.socket()).events.closed(1006, "");
    await host.settle();
  }
  expect(channel.state).toBe("disconnected");
  const count = host.sockets.length;
  host.leap(11_000);
  await host.advance(LOOK);
  expect(host.sockets.length).toBe(count + 1);
});

test.each(["reconnectNow", "an event of the page or the browser"])(
  "[SOC5] %s probes a link that seems up",
  async (what) => {
    const { host, channel, socket } = await connected();
    const wake = (): void => (what === "reconnectNow" ? channel.reconnectNow() : host.wake());
    wake();
    wake();
    expect(socket.take()).toEqual(["ping"]);
    await host.advance(4999);
    expect(socket.isDropped).toBe(false);
    await host.advance(1);
    expect(socket.isDropped).toBe(true);
    wake();
    expect(channel.state).toBe("connecting");
    await host.settle();
    expect(host.sockets).toHaveLength(2);
    // An attempt that hangs begins anew, one that was just begun does not.
    wake();
    expect(host.sockets).toHaveLength(2);
    await host.advance(5000);
    wake();
    await host.settle();
    expect(host.sockets).toHaveLength(3);
    expect(host.sockets.at(1)?.isDropped).toBe(true);
  },
);

test("[SOC5] a send into a silence of five seconds probes the link; one on a link that speaks does not", async () => {
  const { host, channel, socket } = await connected();
  channel.send("at once").catch(() => undefined);
  expect(socket.take()).toMatchObject([{ action: "send" }]);
  socket.say(ack(4, "id1-1")).flush();
  await host.advance(5000);
  channel.send("into the silence").catch(() => undefined);
  channel.send("again").catch(() => undefined);
  expect(socket.take()).toMatchObject([{ action: "send" }, "ping", { action: "send" }]);
  await host.advance(5000);
  expect(socket.isDropped).toBe(true);
});

test("a connection that ended hears no more of waking", async () => {
  const { host, channel, socket } = await connected();
  expect(host.wakeful).toBe(1);
  const ended = channel.disconnect();
  socket.events.closed(1000, "");
  await ended;
  expect(host.wakeful).toBe(0);
});

test("a connection's clock never goes back, follows whichever says more, and is shown as the machine's", () => {
  const host = new FakeHost();
  const clock = new Clock(host);
  const begun = clock.now();
  expect(begun).toBe(host.now());
  host.time += 100;
  expect(clock.now() - begun).toBe(100);
  host.leap(-3_600_000);
  expect(clock.now() - begun).toBe(100);
  host.leap(20_000);
  expect(clock.now() - begun).toBe(20_100);
  expect(clock.woke_at).toBe(clock.now());
  expect(clock.toUnix(clock.now() + 500)).toBe(host.now() + 500);
  // Less than a second apart is no leap, however often.
  for (let times = 0; times < 100; times++) {
    host.leap(times % 2 === 0 ? 900 : -900);
    clock.now();
  }
  expect(clock.now() - begun).toBe(20_100);
});
