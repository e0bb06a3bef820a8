/** HST2 end to end: obedient models over stdio and /mcp, a talker, and a hub that is killed now and then. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dice } from "../support/crash/dice.ts";
import { lengthOf } from "../support/length.ts";
import { ObedientModel } from "../support/obedient-model.ts";
import { createChannel } from "../support/process/agent.ts";
import { Shell } from "../support/process/command.ts";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { post, send, startHub, textsOf } from "./support/hub-calls.ts";
import { CLIENTS, type Connected } from "./support/mcp-clients.ts";
import { STDIO_CLIENTS } from "./support/mcp-stdio-clients.ts";

const STEPS = lengthOf({ short: 25, long: 50 });
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

/** How an agent's calls reach the hub. */
type Form = "local" | "remote";

async function agentOf(form: Form, key: string): Promise<Connected> {
  const [, , remote] = CLIENTS[3] ?? [];
  const [, , local] = STDIO_CLIENTS[1] ?? [];
  if (remote === undefined || local === undefined) throw new Error("no client");
  if (form === "remote") return await remote(new URL(`${hub.url}/mcp`), { "x-hub-agent": key });
  return await local(new Shell({ CHANNEL_HUB_AGENT: key, CHANNEL_HUB_URL: hub.url, CHANNEL_HUB_KEY: HUB_KEY }));
}

/** A model that waits no longer than a test may. */
async function modelOf(form: Form, key: string): Promise<ObedientModel> {
  const client = await agentOf(form, key);
  return new ObedientModel(
    async (call) => {
      const quick = call["action"] === "listen" ? { ...call, wait: 0 } : call;
      return (await client.call("spf_channel", quick)).content[0].text as string;
    },
    { action: "listen" },
  );
}

interface Talk {
  readonly keys: readonly string[];
  readonly ids: readonly string[];
  readonly models: readonly ObedientModel[];
  /** Ids of the questions so far. */
  readonly asked: string[];
  readonly dice: Dice;
}

async function beginTalk(form: Form, isKilled: boolean): Promise<Talk> {
  const keys = ["a", "b"].map((who) => `${form}-${who}-${SEED}-${isKilled}`);
  const ids = [await createChannel(hub.url, "one"), await createChannel(hub.url, "two")];
  for (const key of keys) for (const channel_id of ids) await post(hub.url, "join", { channel_id, key });
  const models = await Promise.all(keys.map((key) => modelOf(form, key)));
  return { keys, ids, models, asked: [], dice: new Dice(SEED) };
}

async function step({ ids, models, asked, dice }: Talk): Promise<void> {
  const isLucky = (percent: number): boolean => dice.roll(1, 100) <= percent;
  if (isLucky(30)) {
    asked.push(`q${asked.length + 1}`);
    await send(hub.url, ids[dice.roll(0, 1)] ?? "", { text: `question ${asked.at(-1)}` });
  }
  const model = models[dice.roll(0, 1)];
  if (model?.isBusy === true && isLucky(70)) await model.reply(isLucky(50));
  else await model?.step();
}

async function run(form: Form, isKilled: boolean): Promise<void> {
  const talk = await beginTalk(form, isKilled);
  for (let steps = 1; steps <= STEPS; steps++) {
    await step(talk);
    if (!isKilled || steps % 17 !== 0) continue;
    await hub.kill();
    await hub.restart();
  }
  const { keys, ids, models, asked } = talk;
  for (let rest = 0; rest < 10; rest++) {
    for (const model of models) {
      await model.step();
      while (model.isBusy) await model.reply(false);
    }
  }
  for (const model of models) expect(model.answered.toSorted(), `SEED=${SEED}`).toEqual(asked.toSorted());
  const said = (await Promise.all(ids.map((id) => textsOf(hub.url, id)))).flat();
  for (const id of asked) expect(said.filter((text) => text === `answer ${id}`)).toHaveLength(keys.length);
}

test.each<Form>(["local", "remote"])("[HST2] two obedient models answer each question once, %s", async (form) => {
  await run(form, false);
});

test("[HST2] an obedient model beside the agent answers once though the hub is killed between its calls", async () => {
  await run("local", true);
});
