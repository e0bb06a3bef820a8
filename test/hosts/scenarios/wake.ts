/**
 * Idle agents in their hosts' terminals, all in one channel with a person, who asks one after the
 * other. Each question starts one turn in the host whose agent is asked, none in any other, and is
 * answered once, also when the hub is killed meanwhile; and nothing is left behind in the end.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { HostedAgent } from "../agent.ts";
import { question } from "../model/obedient.ts";
import { Person } from "../person.ts";
import { gather, type Stage } from "../stage.ts";
import type { Terminal } from "../terminal.ts";

export interface Amount {
  /** Of each agent. */
  readonly mentions: number;
  /** Of the hub, spread over them. */
  readonly kills: number;
}

/** A host to be ready in its terminal. */
const OPENING_MS = 300_000;
/** What is not told by then is lost. */
const LOST_MS = 120_000;
/** In which a second wake for the same message, or a bystander's, would show. */
const QUIET_MS = 3000;
/** On loopback, half of the mentions. */
const GOAL_MS = 1000;
const DOWN_MS = 300;

export async function wake(stage: Stage, amount: Amount): Promise<void> {
  const seats = stage.hosts.map((host) => ({ host, form: "local" as const }));
  await gather(stage, await Person.in(stage.hub.url, "wake"), seats, async (agents, person) => {
    const open: { readonly agent: HostedAgent; readonly terminal: Terminal }[] = [];
    for (const agent of agents) {
      agent.mind.begin({ opening: { action: "list" }, steps: 0 });
      const terminal = await agent.open(OPENING_MS).catch((error: Error) => error.message);
      const isOpen = typeof terminal !== "string";
      stage.checks.check(`${agent.label}: begins in its terminal`, isOpen, isOpen ? "" : terminal);
      if (isOpen) open.push({ agent, terminal });
    }
    await sleep(QUIET_MS);
    const ready = open.map((one): Sleeper => ({ ...one, base: one.agent.mind.turns.length, told: [], waits: [] }));
    await mentionAll(stage, ready, person, amount);
    await sleep(QUIET_MS);
    for (const sleeper of ready) judge(stage, sleeper, person);
    for (const { agent, terminal } of ready) {
      const left = await agent.leave(terminal);
      stage.checks.check(`${agent.label}: leaves nothing behind`, left.length === 0, left.join("; "));
    }
  });
}

interface Sleeper {
  readonly agent: HostedAgent;
  readonly terminal: Terminal;
  /** Turns before the first mention. */
  readonly base: number;
  /** Ids of the questions that it was asked. */
  readonly told: string[];
  /** Milliseconds from being asked to a turn, where the hub was there all the time. */
  readonly waits: number[];
}

async function mentionAll(stage: Stage, sleepers: readonly Sleeper[], person: Person, amount: Amount): Promise<void> {
  const every = Math.max(1, Math.floor(amount.mentions / Math.max(amount.kills, 1)));
  for (let round = 0; round < amount.mentions; round++) {
    const isKilling = amount.kills > 0 && round % every === every - 1;
    for (const [at, sleeper] of sleepers.entries()) {
      const id = `w${at}n${round}`;
      await mention(stage, sleeper, person, {
        id,
        kill: isKilling ? (round % 2 === 0 ? "before" : "after") : undefined,
      });
    }
  }
}

interface Mention {
  readonly id: string;
  /** The hub dies right before it, and it is asked as soon as the hub is back; or right after its ack. */
  readonly kill: "before" | "after" | undefined;
}

async function mention({ hub, checks }: Stage, sleeper: Sleeper, person: Person, { id, kill }: Mention): Promise<void> {
  const { mind } = sleeper.agent;
  const before = mind.turns.length;
  if (kill === "before") await restart(hub);
  const asked = await person.ask(question(id, mind.name), mind.name);
  if (kill === "after") await restart(hub);
  sleeper.told.push(id);
  const isTold = await mind.until(() => mind.turns.length > before, LOST_MS);
  if (isTold && kill === undefined) sleeper.waits.push((mind.turns[before]?.at ?? 0) - asked);
  await person.hears(() => person.answers(id) > 0, isTold ? LOST_MS : 0);
  await mind.until(() => mind.isIdle, LOST_MS);
  if (person.answers(id) > 0) return;
  // A turn whose answer the hub refused was woken all the same.
  const last = JSON.stringify(mind.results.at(-1)?.text);
  checks.note(
    `${sleeper.agent.label}: ${id}, hub killed ${kill ?? "not"}, ${isTold ? "told" : "not told"}, last ${last}`,
  );
}

async function restart(hub: Stage["hub"]): Promise<void> {
  await hub.kill();
  await sleep(DOWN_MS);
  await hub.restart();
}

function judge({ checks }: Stage, { agent, base, told, waits }: Sleeper, person: Person): void {
  const { mind, label } = agent;
  const lost = told.filter((id) => person.answers(id) === 0);
  const doubled = told.filter((id) => person.answers(id) > 1);
  const beyond = mind.turns.length - base - (told.length - lost.length);
  const p50 = waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)];
  const how = JSON.stringify(mind.turns.at(-1)?.text.slice(0, 300));
  checks.check(`${label}: woken by each of ${told.length} mentions`, lost.length === 0, `${lost.length} lost; ${how}`);
  checks.check(`${label}: none wakes twice, nobody else's wakes`, beyond === 0, `${beyond} turns more than mentions`);
  checks.check(`${label}: answers each once`, doubled.length === 0, doubled.join(", "));
  const speed = p50 === undefined ? "never" : `p50 ${p50.toFixed(0)} ms of ${waits.length}`;
  checks.time(`${label}: a turn within ${GOAL_MS} ms, p50`, p50 !== undefined && p50 <= GOAL_MS, speed);
}
