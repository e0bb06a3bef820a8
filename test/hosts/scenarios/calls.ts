/** One call in each host, in each form: offered, made, waited for to its end, over the hub's death, with a wrong key. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HUB_KEY } from "../../support/process/hub-process.ts";
import type { HostedAgent } from "../agent.ts";
import { question } from "../model/obedient.ts";
import { Person } from "../person.ts";
import type { Finished } from "../place.ts";
import { everySeat, gather, type Stage } from "../stage.ts";

/** The longest wait that the tool takes. Seconds. */
const WAIT_S = 55;
/** Only guards against hanging. */
const HANGING_MS = 900_000;
/** A host has made its first call by then, or never will. */
const STARTING_MS = 120_000;
const WRONG = "a-wrong-key-that-is-long-enough";

/** From nothing to a member that talks, for somebody new. */
const NEWCOMER_MS = 60_000;

/** @param meanwhile what else there is to do while hosts find out that the hub they waited for has died */
export async function calls(stage: Stage, meanwhile: () => Promise<void>): Promise<void> {
  await gather(stage, await Person.in(stage.hub.url, "calls"), everySeat(stage.hosts), async (agents, person) => {
    for (const { label, setup } of agents.filter(({ form }) => form === "local")) {
      const seconds = (setup.ms / 1000).toFixed(1);
      stage.checks.time(`${label}: set up by one command in 60 s`, setup.ms <= NEWCOMER_MS, `${seconds} s`);
    }
    await listened(stage, agents);
    await restarted(stage, agents, person, meanwhile);
    for (const agent of agents) await useWrongKey(stage, agent);
  });
}

async function listened(stage: Stage, agents: readonly HostedAgent[]): Promise<void> {
  for (const { mind } of agents) mind.begin({ opening: { action: "listen", for: "me", wait: WAIT_S }, steps: 1 });
  await Promise.all((await started(agents)).map(([agent, run]) => listenWhole(stage, agent, run)));
}

/** One after the other, each once the one before has made its call: many starts at once are slow ones. */
async function started(agents: readonly HostedAgent[]): Promise<(readonly [HostedAgent, Promise<Finished>])[]> {
  const runs: (readonly [HostedAgent, Promise<Finished>])[] = [];
  for (const agent of agents) {
    const run = agent.run(HANGING_MS);
    runs.push([agent, run]);
    await Promise.race([run, agent.mind.until(() => agent.mind.calls.length > 0, STARTING_MS)]);
  }
  return runs;
}

async function listenWhole({ checks }: Stage, agent: HostedAgent, run: Promise<Finished>): Promise<void> {
  const { mind, label } = agent;
  const { code, err, out } = await run;
  checks.check(`${label}: lists the tool`, mind.tool !== undefined, schemaOf(agent) || `${out}${err}`.slice(-600));
  const [result] = mind.results;
  const waited = ((result?.at ?? 0) - (mind.calls[0]?.at ?? 0)) / 1000;
  const isWhole = result !== undefined && !result.text.includes("Error") && waited >= WAIT_S - 1;
  checks.check(`${label}: waits ${WAIT_S} s in one call`, isWhole, `${waited.toFixed(1)} s, ${brief(result?.text)}`);
  checks.check(`${label}: ends its turn well`, code === 0, code === 0 ? "" : `${code}: ${`${out}${err}`.slice(-600)}`);
}

function schemaOf({ mind }: HostedAgent): string {
  if (mind.tool === undefined) return "";
  const { namespace = "", name, schema, description } = mind.tool;
  return `${namespace}${namespace && "/"}${name}, ${JSON.stringify(schema).length + description.length} bytes`;
}

function brief(text = "no answer"): string {
  return JSON.stringify(text.slice(0, 200));
}

/** Milliseconds in a call before the hub dies. */
const IN_CALL_MS = 1500;
/** A host that does not go on with the stream (HST8) notices by its own limit of a call, 90 s or more; then it is to answer. */
const BACK_MS = 300_000;

async function restarted(
  { hub, checks }: Stage,
  agents: readonly HostedAgent[],
  person: Person,
  meanwhile: () => Promise<void>,
): Promise<void> {
  for (const { mind } of agents) mind.begin({ opening: { action: "listen", wait: 45 }, steps: 40, answers: 1 });
  const runs = await started(agents);
  await sleep(IN_CALL_MS);
  // A wait that ended before is followed by another.
  const before = agents.map(({ mind }) => mind.results.length);
  await hub.kill();
  await sleep(IN_CALL_MS);
  await hub.restart();
  for (const [at, { name }] of agents.entries()) await person.ask(question(`r${at}`, name), name);
  const asked = performance.now();
  const rest = meanwhile();
  for (const [at, { label, mind }] of agents.entries()) {
    const back = await person.hears(() => person.answers(`r${at}`) > 0, asked + BACK_MS - performance.now());
    const result = mind.results[before[at] ?? 0];
    const seconds = (((result?.at ?? performance.now()) - asked) / 1000).toFixed(1);
    const seen = mind.calls.length === 0 ? "never called" : `went on after ${seconds} s, ${brief(result?.text)}`;
    checks.check(`${label}: the hub killed and back during a call, answers`, back, seen);
  }
  await rest;
  await Promise.all(agents.map(({ place }) => place.clear()));
  await Promise.all(runs.map(([, run]) => run));
}

async function useWrongKey({ checks }: Stage, agent: HostedAgent): Promise<void> {
  const { place, label, mind } = agent;
  mind.begin({ opening: { action: "list" }, steps: 1 });
  for (const folder of [place.home, place.project]) changeKeyIn(folder);
  if (place.env["CHANNEL_HUB_KEY"] !== undefined) place.env["CHANNEL_HUB_KEY"] = WRONG;
  const { out, err } = await agent.run(HANGING_MS);
  const said = mind.results[0]?.text;
  const isReadable = said !== undefined && /key/i.test(said) && /Error|refused|wrong/i.test(said);
  const seen =
    said === undefined ? `the host offers no tool, and says ${brief(`${out}${err}`.slice(-200))}` : brief(said);
  checks.check(`${label}: a wrong key is said to the model`, isReadable, seen);
}

/** Wherever the key was written, it is a wrong one from now on. */
function changeKeyIn(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    if (!statSync(path).isFile() || statSync(path).size > 1_000_000) continue;
    const text = readFileSync(path, "utf8");
    if (text.includes(HUB_KEY)) writeFileSync(path, text.replaceAll(HUB_KEY, WRONG));
  }
}
