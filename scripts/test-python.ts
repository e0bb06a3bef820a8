/**
 * `npm run test:python [-- --minutes 10] [--path DIRECTORY]`: the Python example and the TypeScript
 * one make each other answer, through a real hub; then a reader of a few lines, written from "In five
 * minutes" of PROTOCOL.md alone, must miss nothing for as long as is asked (20 s). `--path` is where
 * Python looks for a `websockets` of another version. Where Python or it is missing this says so and passes.
 */
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { call, createChannel, type Json } from "../test/support/process/agent.ts";
import { withWorker } from "../test/support/process/build.ts";
import { Example } from "../test/support/process/example.ts";
import { HUB_KEY, HubProcess } from "../test/support/process/hub-process.ts";
import { runReader } from "../test/support/python/reader-rig.ts";

/** Only guards against hanging: the examples. */
const HANGING_MS = 120_000;
const { values } = parseArgs({ options: { minutes: { type: "string" }, path: { type: "string" } } });
const { path } = values;
const seconds = values.minutes === undefined ? 20 : Number(values.minutes) * 60;
const env = { ...process.env, ...(path !== undefined && { PYTHONPATH: path }) };

/** The first one that has the library: a machine's own Python may stand beside another. */
const python = ["python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import websockets"], { env }).status === 0,
);
if (path !== undefined) process.env["PYTHONPATH"] = path;
if (python === undefined) console.log("not run: python example (install python3 and python3-websockets)");
else await run(python);

async function run(interpreter: string): Promise<void> {
  const guard = setTimeout(() => assert.fail("the examples hang"), HANGING_MS);
  await withWorker([], async (worker) => {
    await using hub = await HubProcess.start({ worker });
    await withWrongKey(hub, interpreter);
    await answeringEachOther(hub, interpreter);
    console.log(`the Python and the TypeScript example answer each other (${versionOf(interpreter)})`);
    clearTimeout(guard);
    await reading(worker, interpreter);
  });
}

async function reading(worker: string, interpreter: string): Promise<void> {
  const { violations, ...counts } = await runReader({ worker, python: interpreter, path, seconds });
  const { sent, read, restarts, losses } = counts;
  const what = `${sent} large messages in bursts, ${restarts} restarts of the hub, ${losses} lost connections`;
  console.log(
    `a simple reader: ${what}, ${read} messages read, ${violations.length} violations (${versionOf(interpreter)})`,
  );
  assert.deepEqual(violations, []);
}

async function withWrongKey(hub: HubProcess, interpreter: string): Promise<void> {
  const id = await createChannel(hub.url);
  const example = new Example(interpreter, "agent.py", { ...variablesFor(hub, id), CHANNEL_HUB_KEY: "wrong" });
  assert.equal(await example.end(), 1);
  assert.equal(
    example.output,
    `${hub.url} refuses: the hub key is wrong; send the right one as the header x-spf-key\n`,
  );
}

/** Each asks the other once, also after the hub went away in between; nothing is said twice, nothing goes on. */
async function answeringEachOther(hub: HubProcess, interpreter: string): Promise<void> {
  const id = await createChannel(hub.url);
  const py = new Example(interpreter, "agent.py", variablesFor(hub, id));
  const ts = new Example(process.execPath, "agent.ts", variablesFor(hub, id));
  try {
    await Promise.all([py.printed(`in ${id} as PY`), ts.printed(`in ${id} as TS`)]);
    await say(hub, id, "@TS ask PY ask TS the time");
    await py.printed("TS: PY said: TS the time");
    await hub.kill();
    await hub.restart();
    await say(hub, id, "@PY ask TS ask PY the day");
    await ts.printed("PY: TS said: PY the day");
    assert.deepEqual(await textsOf(hub, id), [
      "@TS ask PY ask TS the time",
      "@PY ask TS the time",
      "@TS the time",
      "PY said: TS the time",
      "@PY ask TS ask PY the day",
      "@TS ask PY the day",
      "@PY the day",
      "TS said: PY the day",
    ]);
  } finally {
    await Promise.all([py.end("SIGKILL"), ts.end("SIGKILL")]);
  }
}

function variablesFor(hub: HubProcess, id: string): Record<string, string> {
  return { CHANNEL_HUB_URL: hub.url, CHANNEL_HUB_KEY: HUB_KEY, CHANNEL_HUB_CHANNEL: id };
}

async function say(hub: HubProcess, channel_id: string, text: string): Promise<void> {
  const { status } = await call(hub.url, "/api/channel/send", { body: { channel_id, key: "alpha", text } });
  assert.equal(status, 200);
}

async function textsOf(hub: HubProcess, id: string): Promise<string[]> {
  const { body } = await call(hub.url, `/api/channel/${id}/history?limit=1000`);
  return body.messages
    .filter((message: Json) => message.msg_type === "text")
    .map((message: Json) => message.text as string);
}

function versionOf(interpreter: string): string {
  const asked = spawnSync(interpreter, ["-c", "import websockets; print(websockets.__version__)"]);
  return `websockets ${asked.stdout.toString().trim()}`;
}
