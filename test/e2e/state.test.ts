/**
 * State that other versions wrote, and state that is no longer what it was: opened and gone on with,
 * or refused by name with nothing written (DUR5). test/fixtures/state holds what each layout of the
 * hub's history left behind: a channel `ops` with seven messages, a deleted one, and one never used.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { expect, inject, onTestFinished, test } from "vitest";
import { call } from "../support/process/agent.ts";
import { HUB_KEY, HubProcess } from "../support/process/hub-process.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/state");
const KEY = { "x-spf-key": HUB_KEY };
/** The object's id of `ch-1`, which follows from its name. */
const CH_1 = "dd21f8ca07ed9ac2deeb5d7c30d4d381d3f0fc28667ac214f266bd02d87ecba2";

/** A hub's directory with the state of that layout. */
async function stateOf(layout: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-state-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const state = join(directory, "state");
  await cp(join(FIXTURES, layout), state, { recursive: true });
  for (const room of ["channel", "hub-index"])
    for (const file of await readdir(join(state, room))) {
      const packed = join(state, room, file);
      await writeFile(packed.replace(/\.gz$/, ""), gunzipSync(await readFile(packed)));
      await rm(packed);
    }
  return directory;
}

async function hubOn(directory: string): Promise<HubProcess> {
  const hub = await HubProcess.start({ worker: inject("worker"), directory });
  onTestFinished(() => hub.kill());
  return hub;
}

function post(hub: HubProcess, path: string, body: object): ReturnType<typeof call> {
  return call(hub.url, path, { method: "POST", headers: KEY, body: JSON.stringify(body) });
}

function get(hub: HubProcess, path: string): ReturnType<typeof call> {
  return call(hub.url, path, { headers: KEY });
}

test.each(await readdir(FIXTURES))(
  "[DUR5] the layout %s opens: all that was said is there, and it goes on",
  async (layout) => {
    const directory = await stateOf(layout);
    const hub = await hubOn(directory);
    const { body: before } = await get(hub, "/api/channel/ch-1/history");
    expect(before.messages.map(({ text }: { text: string }) => text)).toEqual([
      ...[
        "Channel 'ops' created by ALPHA",
        "BRAVO joined the channel",
        "message 1",
        "message 2",
        "message 3",
        "message 4",
      ],
      "@ALPHA one more",
    ]);
    const again = await post(hub, "/api/channel/send", { channel_id: "ch-1", key: "alpha", text: "still here" });
    expect([again.status, again.body.message.seq]).toEqual([200, 8]);
    const joined = await post(hub, "/api/channel/join", { channel_id: "ch-1", key: "carol", name: "CAROL" });
    expect([joined.status, joined.body.seq]).toEqual([200, 9]);
    expect((await post(hub, "/api/channel/kick", { channel_id: "ch-1", target: "CAROL" })).status).toBe(200);
    expect((await post(hub, "/api/channel/read", { channel_id: "ch-1", key: "bravo", seq: 9 })).status).toBe(200);
    const { body: details } = await get(hub, "/api/channel/ch-1");
    expect(details.participants.map(({ key, read_seq }: Record<string, unknown>) => [key, read_seq])).toEqual([
      ["alpha", 5],
      ["bravo", 9],
    ]);
    const { body: list } = await get(hub, "/api/channel/list");
    expect(list.channels.map(({ id, name }: Record<string, unknown>) => [id, name])).toEqual([
      ["ch-1", "ops"],
      ["ch-3", "quiet"],
    ]);
    expect((await get(hub, "/api/channel/ch-2/history")).body.code).toBe("channel_deleted");
    const made = await post(hub, "/api/channel/create", { name: "new", key: "alpha" });
    expect(made.body.channel_id).toBe("ch-4");

    await hub.kill();
    const later = await hubOn(directory);
    const { body: after } = await get(later, "/api/channel/ch-1/history");
    expect([after.meta.epoch, after.meta.last_seq]).toEqual([before.meta.epoch, 10]);
  },
);

/** Changes a database as another program would. */
function change(file: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(file);
  for (const statement of statements) database.exec(statement);
  database.close();
}

test.each([
  [
    "of a newer version",
    ["UPDATE channel SET schema = 99"],
    /schema 99; this one knows \d+\); deploy that version again/,
  ],
  [
    "with a column of a newer version",
    ["UPDATE channel SET schema = 1", "ALTER TABLE participant ADD COLUMN role TEXT"],
    /participant has a column role/,
  ],
  [
    "of another program",
    ["DROP TABLE log", "CREATE TABLE log (line TEXT)", "UPDATE channel SET schema = 1"],
    /the stored table log has a column line/,
  ],
] as const)(
  "[DUR5] a channel %s is refused by name, others go on, and nothing is written",
  async (_what, statements, says) => {
    const directory = await stateOf("1-release-0.1.0");
    const file = join(directory, "state/channel", `${CH_1}.sqlite`);
    change(file, ...statements, "PRAGMA wal_checkpoint(TRUNCATE)");
    const before = await readFile(file);
    const hub = await hubOn(directory);
    for (const path of ["/api/channel/ch-1/history", "/api/channel/ch-1"]) {
      const { status, body } = await get(hub, path);
      expect([status, body.code]).toEqual([503, "storage_unreadable"]);
      expect(body.error).toMatch(says);
      expect(body.retry_after_ms).toBeUndefined();
    }
    const sent = await post(hub, "/api/channel/send", { channel_id: "ch-1", key: "alpha", text: "x" });
    expect([sent.status, sent.body.code]).toEqual([503, "storage_unreadable"]);
    expect((await get(hub, "/api/channel/ch-3/history")).status).toBe(200);
    await hub.kill();
    expect(await readFile(file)).toEqual(before);
  },
);

test.each([
  ["overwritten", (bytes: Buffer) => bytes.fill(0x5a), "storage_unavailable"],
  ["overwritten behind its first page", (bytes: Buffer) => bytes.fill(0x5a, 4096), "storage_unreadable"],
  ["cut short", (bytes: Buffer) => bytes.subarray(0, 5000), "storage_unavailable"],
] as const)(
  "[DUR5] a channel's file that was %s is told as damaged, others go on, and deleted it is gone",
  async (_how, damage, code) => {
    const directory = await stateOf("1-release-0.1.0");
    const file = join(directory, "state/channel", `${CH_1}.sqlite`);
    await writeFile(file, damage(await readFile(file)));
    const hub = await hubOn(directory);
    const { status, body } = await get(hub, "/api/channel/ch-1/history");
    expect([status, body.code, `${body.error} ${body.hint}`]).toEqual([503, code, expect.stringContaining("damaged")]);
    expect((await get(hub, "/api/channel/ch-3/history")).status).toBe(200);
    expect((await call(hub.url, "/api/channel/ch-1", { method: "DELETE", headers: KEY })).status).toBe(200);
    await hub.kill();
    const later = await hubOn(directory);
    expect((await get(later, "/api/channel/ch-1/history")).body.code).toBe("channel_deleted");
    expect((await post(later, "/api/channel/send", { channel_id: "ch-1", key: "alpha", text: "x" })).status).toBe(410);
  },
);
