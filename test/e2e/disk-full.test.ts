/**
 * The disk is full: what cannot be stored is neither acknowledged nor shown to anybody, reading goes
 * on, and with room again everything does. The crash rig's checker judges all that was seen.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, inject, test } from "vitest";
import { HistoryChecker } from "../support/crash/checker.ts";
import { Dice } from "../support/crash/dice.ts";
import type { Ground } from "../support/crash/line.ts";
import { Auditor, Reader } from "../support/crash/reader.ts";
import { type Kind, type SmallHub, smallDisks, startSmallHub } from "../support/crash/small-disk.ts";
import { Writer } from "../support/crash/writer.ts";
import { type Answer, call, createChannel } from "../support/process/agent.ts";

const kinds = await smallDisks();
const seed = Date.now() % 1_000_000;
console.info(`disk full: seed ${seed}, by ${kinds.join(" and ")}`);

/** Larger than what little room a failed write may leave. */
const TEXT = "x".repeat(60_000);
/** Between two attempts to connect, or to send. */
const PAUSE_MS = 50;
/** Only guards against hanging. */
const HANGING_MS = 120_000;

let small: SmallHub | undefined;
afterEach(() => small?.end());

/** Everybody around one hub. */
class Scene {
  readonly checker = new HistoryChecker();
  readonly writers: readonly Writer[] = [1, 2].map((n) => new Writer(`writer-${n}`, new Dice(seed + n)));
  readonly reader = new Reader("reader", "single");
  readonly ground: Ground;
  #sockets = 0;
  #isOver = false;

  constructor(place: Pick<Ground, "url" | "channel" | "epoch">) {
    const record: Ground["record"] = (event) => this.checker.record(event);
    this.ground = { ...place, record, nextSocket: () => ++this.#sockets };
  }

  /** Everybody connects, and again whenever the connection ends, until `end`. */
  async run(): Promise<void> {
    const stay = async (agent: Writer | Reader): Promise<void> => {
      while (!this.#isOver) {
        await agent.run(this.ground);
        await sleep(PAUSE_MS);
      }
    };
    await Promise.all([...this.writers, this.reader].map(stay));
  }

  end(): void {
    this.#isOver = true;
  }

  /** A large message over HTTP. */
  async probe(id: string): Promise<Answer> {
    const { url, channel, record, nextSocket } = this.ground;
    const socket = nextSocket();
    record({ type: "open", socket, key: "probe" });
    record({ type: "invoke", socket, id, text: TEXT });
    const body = { channel_id: channel, key: "probe", text: TEXT, client_msg_id: id };
    const answer = await call(url, "/api/channel/send", { body });
    const { message, duplicate, code } = answer.body;
    if (answer.status === 200) record({ type: "ack", socket, id, message, duplicate });
    if (code === "storage_unavailable") record({ type: "refuse", socket, id });
    record({ type: "close", socket });
    return answer;
  }
}

async function enter(url: string): Promise<Scene> {
  const channel = await createChannel(url, "full", "maker");
  await call(url, "/api/channel/join", { body: { channel_id: channel, key: "probe" } });
  const { body } = await call(url, `/api/channel/${channel}`);
  return new Scene({ url, channel, epoch: body.epoch });
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + HANGING_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`it never came about that ${what} (seed ${seed})`);
    await sleep(PAUSE_MS);
  }
}

test.each(kinds)("[DUR1] [DUR4] a full disk (%s) acknowledges nothing and loses nothing", async (kind: Kind) => {
  small = await startSmallHub(kind, inject("worker"));
  const scene = await enter(small.hub.url);
  const { writers, reader, checker, ground } = scene;
  const auditor = new Auditor();
  for (const writer of writers) writer.isHeavy = true;
  const over = scene.run();
  // Until the disk is full, every one of them is stored.
  let probes = 0;
  let refused: Answer | undefined;
  await until(async () => {
    const answer = await scene.probe(`probe-${++probes}`);
    if (answer.status !== 200) refused = answer;
    await auditor.readOn(ground);
    return refused !== undefined;
  }, "the disk is full");
  const code =
    kind === "tmpfs" ? "storage_unavailable" : expect.stringMatching(/^(storage_unavailable|outcome_unknown)$/);
  expect(refused).toMatchObject({ status: 503, body: { ok: false, code, retry_after_ms: expect.any(Number) } });
  // Reading needs no room.
  expect((await call(ground.url, `/api/channel/${ground.channel}/history`)).status).toBe(200);
  const acked = writers.map((writer) => writer.acked);
  await small.makeRoom();
  await until(() => writers.every((writer, at) => writer.acked > (acked[at] ?? 0)), "sends are acked again");
  for (const writer of writers) writer.stop();
  await until(() => writers.every((writer) => writer.isIdle), "everything was answered");
  expect(await scene.probe(`probe-${probes}`)).toMatchObject({ status: 200, body: { duplicate: false } });
  await auditor.readRing(ground);
  await until(() => reader.position >= checker.last_seq, "the reader has everything");
  checker.finish();
  scene.end();
  await small.hub.kill();
  await over;
  expect(checker.violations.slice(0, 10), `seed ${seed}`).toEqual([]);
  for (const writer of writers) expect(writer.acked + writer.refused).toBe(writer.sent);
});

test.each(kinds)(
  "[DUR4] channels that sleep are read on a full disk (%s), also after a restart",
  async (kind: Kind) => {
    small = await startSmallHub(kind, inject("worker"));
    const { url } = small.hub;
    const quiet: string[] = [];
    for (const name of ["one", "two"]) {
      const id = await createChannel(url, name, "maker");
      expect(
        (await call(url, "/api/channel/send", { body: { channel_id: id, key: "maker", text: name } })).status,
      ).toBe(200);
      quiet.push(id);
    }
    const loud = await createChannel(url, "loud", "maker");
    const fill = (): Promise<Answer> =>
      call(url, "/api/channel/send", { body: { channel_id: loud, key: "maker", text: TEXT } });
    await until(async () => (await fill()).status !== 200, "the disk is full");
    await small.hub.kill();
    await small.hub.restart();
    for (const [at, id] of quiet.entries()) {
      const { status, body } = await call(small.hub.url, `/api/channel/${id}/history`);
      expect([id, status, body.messages?.at(-1)?.text]).toEqual([id, 200, ["one", "two"][at]]);
      expect((await call(small.hub.url, `/api/channel/${id}`)).status).toBe(200);
      const listened = await call(small.hub.url, `/api/channel/${id}/listen?key=maker&for=all&after=0`);
      expect([listened.status, listened.body.code]).toEqual([200, undefined]);
    }
    const listed = await call(small.hub.url, "/api/channel/list");
    expect([listed.status, listed.body.channels?.length]).toEqual([200, 3]);
  },
);
