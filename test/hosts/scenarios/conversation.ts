/**
 * Two agents of different vendors and a person talk, each agent for 50 calls of an obedient model:
 * every question is answered exactly once, and in the end both are done.
 */
import type { HostedAgent } from "../agent.ts";
import type { Form, Host } from "../hosts/host.ts";
import type { Mind } from "../model/mind.ts";
import { question } from "../model/obedient.ts";
import { Person } from "../person.ts";
import type { Finished } from "../place.ts";
import { gather, personAtPage, type Stage } from "../stage.ts";

const STEPS = 50;
/** Calls that a question takes, with the one it asks another: from there on some may stay unanswered. */
const ROOM = 6;
/** Only guard against hanging. */
const ANSWER_MS = 300_000;
const HANGING_MS = 900_000;

export async function conversation(stage: Stage, pair: readonly [Host, Host], form: Form): Promise<void> {
  const label = `${pair.map(({ name }) => name).join(" and ")}, ${form}`;
  const seats = pair.map((host) => ({ host, form }));
  const channel = `talk-${pair[0].name}-${form}`;
  // One of the persons for each pair sits at the page.
  const person = await (form === "local" ? personAtPage(stage, channel) : Person.in(stage.hub.url, channel));
  await gather(stage, person, seats, async (agents) => {
    if (agents.length < pair.length) return;
    for (const { mind } of agents) mind.begin({ opening: { action: "listen", wait: 45 }, steps: STEPS });
    const runs: Promise<Finished>[] = [];
    for (const agent of agents) {
      const run = agent.run(HANGING_MS);
      runs.push(run);
      // It listens before anybody speaks, however long its start takes.
      await Promise.race([run, agent.mind.until(() => agent.mind.calls.length > 0, ANSWER_MS)]);
    }
    const { asked, unseen } = await converse(agents, person);
    const isKept = judge(stage, label, asked, person);
    if (form === "local" && stage.browser !== undefined)
      stage.checks.check(`${label}: the person's page shows every answer`, unseen.length === 0, unseen.join(", "));
    if (!isKept) for (const { mind } of agents) stage.checks.note(stateOf(mind));
    await goodbye(agents, person);
    const ends = await Promise.all(runs);
    for (const [at, { code, out, err }] of ends.entries()) {
      const agent = agents[at] as HostedAgent;
      const seen = code === 0 ? `${agent.mind.calls.length} calls` : `${code}: ${`${out}${err}`.slice(-600)}`;
      stage.checks.check(`${agent.label}: the obedient model ends after ${STEPS} calls`, code === 0, seen);
    }
  });
}

interface Conversed {
  /** Ids of the questions. */
  readonly asked: readonly string[];
  /** Those whose answers the person did not get to see. */
  readonly unseen: readonly string[];
}

/** Questions by turns, each of which has the other asked too. */
async function converse(agents: readonly HostedAgent[], person: Person): Promise<Conversed> {
  const asked: string[] = [];
  const unseen: string[] = [];
  for (let round = 0; agents.every(({ mind }) => mind.calls.length < STEPS - ROOM); round++) {
    const [first, second] = round % 2 === 0 ? agents : agents.toReversed();
    if (first === undefined || second === undefined) break;
    const id = `t${round}`;
    asked.push(id, `${id}x`);
    await person.ask(question(id, first.name, second.name), first.name);
    if (!(await person.hears(() => person.answers(id) > 0 && person.answers(`${id}x`) > 0, ANSWER_MS))) break;
    for (const one of [id, `${id}x`]) if (!(await person.sees(one))) unseen.push(one);
  }
  return { asked, unseen };
}

function judge({ checks }: Stage, label: string, asked: readonly string[], person: Person): boolean {
  const missing = asked.filter((id) => person.answers(id) === 0);
  const doubled = asked.filter((id) => person.answers(id) > 1);
  const seen = [
    `${asked.length} questions`,
    ...(missing.length > 0 ? [`no answer to ${missing.join(", ")}`] : []),
    ...doubled.map((id) => `${person.answers(id)} answers to ${id}`),
  ];
  const isKept = missing.length === 0 && doubled.length === 0 && asked.length > ROOM;
  checks.check(`${label}: every question is answered exactly once`, isKept, seen.join("; "));
  return isKept;
}

/** Where a model that did not go on stands. */
function stateOf({ name, calls, results, isIdle, turns }: Mind): string {
  const last = `${calls.at(-1)?.text} after ${JSON.stringify(results.at(-1)?.text)}`;
  return `${name}${isIdle ? ", idle" : ""}, in its turn ${turns.length}: call ${calls.length} ${last}`;
}

/** Keeps them busy until they have made all their calls. */
async function goodbye(agents: readonly HostedAgent[], person: Person): Promise<void> {
  const until = performance.now() + HANGING_MS;
  for (let round = 0; performance.now() < until; round++) {
    const busy = agents.filter(({ mind }) => !mind.isIdle);
    if (busy.length === 0) return;
    for (const { name } of busy) await person.ask(question(`e${round}`, name), name);
    await person.hears(
      () => busy.every(({ mind }) => mind.isIdle) || person.answers(`e${round}`) >= busy.length,
      10_000,
    );
  }
}
