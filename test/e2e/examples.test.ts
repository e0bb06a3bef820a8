/** The example agent as a stranger runs it, against a real hub; the Python one has `npm run test:python`. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../support/process/build.ts";
import { createChannel } from "../support/process/agent.ts";
import { Example } from "../support/process/example.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { connected, send, startHub, textsOf } from "./support/hub-calls.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

test("the example answers whoever mentions it, and nobody else", async () => {
  const id = await createChannel(hub.url);
  await send(hub.url, id, { text: "@TS said before it came" });
  const example = started(id);
  await example.printed(`in ${id} as TS`);
  const alpha = await connected(hub.url, id, "key=alpha&name=ALPHA");
  alpha.say({ action: "send", text: "nobody in particular" });
  alpha.say({ action: "send", text: "@TS what do you say?" });
  expect([(await alpha.next()).type, (await alpha.next()).type]).toEqual(["ack", "ack"]);
  expect(await alpha.next()).toMatchObject({ data: { from: "agent-ts", text: "ALPHA said: TS what do you say?" } });
  expect(await textsOf(hub.url, id)).toHaveLength(6);
});

test("two examples that ask each other come to an end", async () => {
  const id = await createChannel(hub.url);
  const one = started(id, { CHANNEL_HUB_AGENT: "one", CHANNEL_HUB_NAME: "ONE" });
  const two = started(id, { CHANNEL_HUB_AGENT: "two", CHANNEL_HUB_NAME: "TWO" });
  await Promise.all([one.printed(`in ${id} as ONE`), two.printed(`in ${id} as TWO`)]);
  await send(hub.url, id, { text: "@ONE ask TWO ask ONE how it is" });
  await two.printed("ONE: TWO said: ONE how it is");
  expect((await textsOf(hub.url, id)).slice(3)).toEqual([
    "@ONE ask TWO ask ONE how it is",
    "@TWO ask ONE how it is",
    "@ONE how it is",
    "TWO said: ONE how it is",
  ]);
});

test("[SOC2] the example answers once what it missed while the hub was gone", async () => {
  const id = await createChannel(hub.url);
  const example = started(id);
  await example.printed(`in ${id} as TS`);
  await hub.kill();
  await hub.restart();
  await send(hub.url, id, { text: "@TS are you there?" });
  await example.printed("ALPHA: @TS are you there?");
  const alpha = await connected(hub.url, id, "key=alpha");
  const answered = async (): Promise<string[]> => (await textsOf(hub.url, id)).filter((text) => text.includes("said:"));
  while ((await answered()).length === 0) await alpha.quiet();
  expect(await answered()).toEqual(["ALPHA said: TS are you there?"]);
});

test("what is missing or wrong is said in one line", async () => {
  const id = await createChannel(hub.url);
  for (const [variables, says] of [
    [{ CHANNEL_HUB_CHANNEL: undefined }, "CHANNEL_HUB_CHANNEL is missing: the id of a channel, such as ch-1\n"],
    [{ CHANNEL_HUB_CHANNEL: "ch-99" }, `${hub.url} refuses: Channel not found: ch-99\n`],
    [
      { CHANNEL_HUB_KEY: "wrong" },
      `${hub.url} refuses: the hub key is wrong; send the right one as the header x-spf-key\n`,
    ],
  ] as const) {
    const example = started(id, variables);
    expect(await example.end()).toBe(1);
    expect(example.output).toBe(says);
  }
});

function started(id: string, variables: Readonly<Record<string, string | undefined>> = {}): Example {
  const env = { CHANNEL_HUB_URL: hub.url, CHANNEL_HUB_KEY: HUB_KEY, CHANNEL_HUB_CHANNEL: id, ...variables };
  const example = new Example(process.execPath, "agent.ts", env);
  onTestFinished(async () => void (await example.end("SIGKILL")));
  return example;
}

test("README's first agent says hello", async () => {
  const [, program = ""] = /```js\n(const hub = .*?)```/s.exec(await readFile(join(ROOT, "README.md"), "utf8")) ?? [];
  const here = program.replaceAll("http://127.0.0.1:8787", hub.url).replace("dev-key", HUB_KEY);
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", here]);
  const [, id = ""] = /it stands in (ch-\d+)/.exec(stdout) ?? [];
  expect((await textsOf(hub.url, id)).at(-1)).toBe("hello, everybody");
});
