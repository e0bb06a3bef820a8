/**
 * State that other versions wrote, and state that is no longer what it was: opened and gone on with,
 * or refused by name with nothing written (DUR5). test/fixtures/state holds what each layout of the
 * hub's history left behind: a channel `ops` with seven messages, a deleted one, and one never used.
 */
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { expect, inject, onTestFinished, test } from "vitest";
import { type Answer, call } from "../support/process/agent.ts";
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
    const { body: listed } = await get(hub, "/api/channel/list");
    expect(listed.channels.map(({ id, name }: Record<string, unknown>) => [id, name])).toEqual([
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

/** A hub that starts on an empty folder; its state can be copied, taken away and put back while it is down. */
async function freshHub(): Promise<{ hub: HubProcess; directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "channel-hub-state-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return { hub: await hubOn(directory), directory };
}

/** While the hub is down, `change` does something to its state. */
async function meanwhile(
  hub: HubProcess,
  directory: string,
  work: (state: string) => Promise<void>,
): Promise<HubProcess> {
  await hub.kill();
  await work(join(directory, "state"));
  return await hubOn(directory);
}

async function say(hub: HubProcess, text: string): Promise<void> {
  const { status } = await post(hub, "/api/channel/send", { channel_id: "ch-1", key: "alpha", text });
  expect(status).toBe(200);
}

/** Lets the index hear of the change, as a list does. */
async function list(hub: HubProcess): Promise<string[]> {
  const { body } = await get(hub, "/api/channel/list");
  return body.channels.map(({ name }: { name: string }) => name);
}

async function fsck(hub: HubProcess, mend = false): Promise<string[][]> {
  const found: string[][] = [];
  for (let cursor: number | undefined = 0; cursor !== undefined;) {
    const { status, body }: Answer = await post(hub, "/api/hub/fsck", { mend, cursor });
    expect(status).toBe(200);
    found.push(...body.findings.map(({ channel_id, fault }: Record<string, string>) => [channel_id, fault]));
    cursor = body.next_cursor;
  }
  return found;
}

test("[IDX5] [IDX6] a lost index gives no channel's messages to another one, and is mended from the channels", async () => {
  const { hub, directory } = await freshHub();
  await post(hub, "/api/channel/create", { name: "secret-merger", key: "alpha" });
  await say(hub, "nobody else may read this");
  expect(await fsck(hub)).toEqual([]);
  const later = await meanwhile(hub, directory, (state) => rm(join(state, "hub-index"), { recursive: true }));
  const made = await post(later, "/api/channel/create", { name: "lunch", key: "eve" });
  expect([made.status, made.body.code]).toEqual([503, "storage_unreadable"]);
  expect(made.body.error).toContain("does not know ch-1, which holds messages");
  expect((await get(later, "/api/channel/ch-1/history")).body.code).toBe("channel_not_found");
  expect(await fsck(later)).toEqual([["ch-1", "unknown"]]);
  expect(await fsck(later, true)).toEqual([["ch-1", "unknown"]]);
  expect(await fsck(later)).toEqual([]);
  expect(await list(later)).toEqual(["secret-merger"]);
  const { body } = await get(later, "/api/channel/ch-1/history");
  expect(body.messages.at(-1).text).toBe("nobody else may read this");
  expect((await post(later, "/api/channel/create", { name: "lunch", key: "eve" })).body.channel_id).toBe("ch-2");
});

test("[IDX5] [IDX6] where the index's entry is another channel's, nobody reads it until the owner has mended it", async () => {
  const { hub, directory } = await freshHub();
  await post(hub, "/api/channel/create", { name: "secret-merger", key: "alpha" });
  await say(hub, "nobody else may read this");
  const { meta } = (await get(hub, "/api/channel/ch-1/history")).body;
  const later = await meanwhile(hub, directory, async (state) => {
    await rm(join(state, "hub-index"), { recursive: true });
    await rename(join(state, "channel"), join(state, "aside"));
  });
  expect((await post(later, "/api/channel/create", { name: "lunch", key: "eve" })).status).toBe(200);
  const mixed = await meanwhile(later, directory, async (state) => {
    await rm(join(state, "channel"), { recursive: true });
    await rename(join(state, "aside"), join(state, "channel"));
  });
  for (const answer of [
    await get(mixed, "/api/channel/ch-1/history"),
    await get(mixed, "/api/channel/ch-1"),
    await post(mixed, "/api/channel/join", { channel_id: "ch-1", key: "eve" }),
    await get(mixed, "/api/channel/ch-1/listen?key=eve"),
  ]) {
    expect([answer.status, answer.body.code]).toEqual([503, "storage_unreadable"]);
    expect(JSON.stringify(answer.body)).not.toContain("nobody else");
  }
  expect(await fsck(mixed, true)).toEqual([["ch-1", "stranger"]]);
  expect(await list(mixed)).toEqual(["secret-merger"]);
  expect((await get(mixed, "/api/channel/ch-1/history")).body.messages).toHaveLength(2);
  // Whatever was said and lost meanwhile, a position of before does not skip it.
  const { body: since } = await get(mixed, `/api/channel/ch-1/history?after=2&epoch=${meta.epoch}`);
  expect(since.meta.gap?.reason).toBe("epoch_changed");
});

test("[IDX5] [IDX6] a channel that lost its file begins anew, and every reader of before is told a gap", async () => {
  const { hub, directory } = await freshHub();
  await post(hub, "/api/channel/create", { name: "ops", key: "alpha" });
  for (let at = 0; at < 5; at++) await say(hub, `message ${at}`);
  const { meta } = (await get(hub, "/api/channel/ch-1/history")).body;
  const later = await meanwhile(hub, directory, (state) => rm(join(state, "channel"), { recursive: true }));
  expect(await fsck(later)).toEqual([["ch-1", "lost"]]);
  for (let at = 0; at < 9; at++) await say(later, `later ${at}`);
  const { body } = await get(later, `/api/channel/ch-1/history?after=${meta.last_seq}&epoch=${meta.epoch}`);
  expect([body.meta.gap?.reason, body.meta.epoch === meta.epoch]).toEqual(["epoch_changed", false]);
  expect(await fsck(later)).toEqual([]);
});

test("[IDX5] a channel's file of an earlier time ends the positions of since then; a crash ends none", async () => {
  const { hub, directory } = await freshHub();
  await post(hub, "/api/channel/create", { name: "ops", key: "alpha" });
  await say(hub, "before the copy");
  await list(hub);
  const copied = await meanwhile(hub, directory, (state) =>
    cp(join(state, "channel"), join(directory, "copy"), { recursive: true }),
  );
  for (let at = 0; at < 6; at++) {
    await say(copied, `since the copy ${at}`);
    await list(copied);
  }
  const { meta } = (await get(copied, "/api/channel/ch-1/history")).body;
  const crashed = await meanwhile(copied, directory, async () => {});
  expect((await get(crashed, "/api/channel/ch-1/history")).body.meta.epoch).toBe(meta.epoch);
  const restored = await meanwhile(crashed, directory, async (state) => {
    await rm(join(state, "channel"), { recursive: true });
    await cp(join(directory, "copy"), join(state, "channel"), { recursive: true });
  });
  for (let at = 0; at < 9; at++) await say(restored, `after the restore ${at}`);
  const { body } = await get(restored, `/api/channel/ch-1/history?after=${meta.last_seq}&epoch=${meta.epoch}`);
  expect(body.meta.gap?.reason).toBe("epoch_changed");
  const again = await meanwhile(restored, directory, async () => {});
  expect((await get(again, "/api/channel/ch-1/history")).body.meta.epoch).toBe(body.meta.epoch);
});

test("[IDX6] after a restore of everything, the owner's word ends the positions of every channel, once", async () => {
  const { hub, directory } = await freshHub();
  await post(hub, "/api/channel/create", { name: "ops", key: "alpha" });
  await say(hub, "before the copy");
  const { meta } = (await get(hub, "/api/channel/ch-1/history")).body;
  expect((await post(hub, "/api/hub/restored", {})).status).toBe(200);
  const later = await meanwhile(hub, directory, async () => {});
  const first = (await get(later, `/api/channel/ch-1/history?after=2&epoch=${meta.epoch}`)).body.meta;
  expect(first.gap.reason).toBe("epoch_changed");
  const again = await meanwhile(later, directory, async () => {});
  expect((await get(again, "/api/channel/ch-1/history")).body.meta.epoch).toBe(first.epoch);
  const agent = await call(again.url, "/api/hub/restored", { method: "POST", headers: { "x-spf-key": "wrong" } });
  expect(agent.status).toBe(401);
});

test("[ACC3] [T51] a channel's file of before a revocation lets the pass in no more, once the owner said that files were put back", async () => {
  const { hub, directory } = await freshHub();
  await post(hub, "/api/channel/create", { name: "ops", key: "alpha" });
  const { text, pass } = (await post(hub, "/api/pass", { agent_key: "carl" })).body;
  const asCarl = async (at: HubProcess): Promise<string> =>
    (await call(at.url, "/api/channel/ch-1/history", { headers: { "x-spf-key": text } })).body.code ?? "let in";
  expect(await asCarl(hub)).toBe("let in");
  const copied = await meanwhile(hub, directory, (state) =>
    cp(join(state, "channel"), join(directory, "copy"), { recursive: true }),
  );
  expect((await call(copied.url, `/api/pass/${pass.id}`, { method: "DELETE", headers: KEY })).body.left).toBe(0);
  expect(await asCarl(copied)).toBe("key_revoked");
  const restored = await meanwhile(copied, directory, async (state) => {
    await rm(join(state, "channel"), { recursive: true });
    await cp(join(directory, "copy"), join(state, "channel"), { recursive: true });
  });
  expect((await post(restored, "/api/hub/restored", {})).status).toBe(200);
  expect(await asCarl(restored)).toBe("key_revoked");
});

test("[IDX6] what was deleted and came back with its file is told, and erased again", async () => {
  const { hub, directory } = await freshHub();
  await post(hub, "/api/channel/create", { name: "ops", key: "alpha" });
  await say(hub, "to be forgotten");
  const copied = await meanwhile(hub, directory, (state) =>
    cp(join(state, "channel"), join(directory, "copy"), { recursive: true }),
  );
  await call(copied.url, "/api/channel/ch-1", { method: "DELETE", headers: KEY });
  const back = await meanwhile(copied, directory, async (state) => {
    await rm(join(state, "channel"), { recursive: true });
    await cp(join(directory, "copy"), join(state, "channel"), { recursive: true });
  });
  expect((await get(back, "/api/channel/ch-1/history")).body.code).toBe("channel_deleted");
  expect(await fsck(back, true)).toEqual([["ch-1", "kept"]]);
  expect(await fsck(back)).toEqual([]);
});

test("[IDX1] [IDX5] a number is given out once, also by an index that was lost, or put back from a copy", async () => {
  const { hub, directory } = await freshHub();
  const make = (on: HubProcess): Promise<Answer> => post(on, "/api/channel/create", { name: "lunch", key: "eve" });
  await post(hub, "/api/channel/create", { name: "ops", key: "alpha" });
  await say(hub, "in ch-1");
  const copied = await meanwhile(hub, directory, (state) =>
    cp(join(state, "hub-index"), join(directory, "copy"), { recursive: true }),
  );
  // Two that were made since: one was deleted, one never used. Nothing in their files tells of them.
  for (const id of ["ch-2", "ch-3"]) expect((await make(copied)).body.channel_id).toBe(id);
  await call(copied.url, "/api/channel/ch-2", { method: "DELETE", headers: KEY });
  const back = await meanwhile(copied, directory, async (state) => {
    await rm(join(state, "hub-index"), { recursive: true });
    await cp(join(directory, "copy"), join(state, "hub-index"), { recursive: true });
  });
  const refused = await make(back);
  expect([refused.status, refused.body.code]).toEqual([503, "storage_unreadable"]);
  expect(refused.body.error).toContain("does not know ch-3, which was given out");
  expect(await fsck(back, true)).toEqual([]);
  expect((await make(back)).body.channel_id).toBe("ch-4");
  const lost = await meanwhile(back, directory, (state) => rm(join(state, "hub-index"), { recursive: true }));
  expect((await make(lost)).body.code).toBe("storage_unreadable");
  expect(await fsck(lost, true)).toEqual([["ch-1", "unknown"]]);
  expect((await make(lost)).body.channel_id).toBe("ch-5");
  for (const id of ["ch-2", "ch-3", "ch-4"])
    expect((await get(lost, `/api/channel/${id}/history`)).body.code).toBe("channel_not_found");
});
