/**
 * Residents: two agents of different vendors that speak ACP, each as a member of a channel by one
 * command, and a person at the page. Every question is answered once, and Ctrl-C leaves nothing.
 */
import { HUB_KEY } from "../../support/process/hub-process.ts";
import type { Host } from "../hosts/host.ts";
import type { Mind } from "../model/mind.ts";
import { question } from "../model/obedient.ts";
import type { Person } from "../person.ts";
import { Place } from "../place.ts";
import { personAtPage, type Stage } from "../stage.ts";
import { Terminal } from "../terminal.ts";

const ROUNDS = 4;
/** A question, with the one that it has another asked; only guards against hanging. */
const ANSWER_MS = 100_000;
const LEAVING_MS = 20_000;

interface Resident {
  readonly host: Host;
  readonly place: Place;
  readonly mind: Mind;
  readonly terminal: Terminal;
}

export async function residents(stage: Stage): Promise<void> {
  const hosts = stage.hosts.filter(({ acp }) => acp !== undefined);
  if (hosts.length < 2) return;
  const person = await personAtPage(stage, "residents");
  const all: Resident[] = [];
  try {
    for (const host of hosts) all.push(await settle(stage, host, person));
    for (const { mind } of all) mind.begin({ steps: 0, isResident: true });
    await converse(stage, all, person);
    for (const { host, place, terminal } of all) {
      terminal.interrupt();
      await terminal.ended(LEAVING_MS);
      const left = (await place.left(LEAVING_MS)).map(({ command }) => command);
      stage.checks.check(`${host.name} resident: leaves nothing behind`, left.length === 0, left.join("; "));
    }
  } finally {
    await person.leave();
    await Promise.all(all.map(({ place }) => place[Symbol.asyncDispose]()));
  }
}

async function settle({ hub, models }: Stage, host: Host, person: Person): Promise<Resident> {
  const place = new Place(host.name);
  const { mind, url } = models.mind();
  place.write(host.settings({ project: place.project, model: url }));
  const before = new Set((await person.members()).map(({ key }) => String(key)));
  const command = ["npx", "-y", `${hub.url}/channel-hub.tgz`, "resident", "--channel", person.channel];
  const env = { ...host.env(url), CHANNEL_HUB_KEY: HUB_KEY };
  const terminal = await Terminal.open(place, [...command, "--", host.name, ...(host.acp ?? [])], env);
  await terminal.shows("Ctrl-C ends it");
  const come = (await person.members()).find(({ key }) => !before.has(String(key)));
  if (come === undefined) {
    const screen = terminal.screen();
    await place[Symbol.asyncDispose]();
    throw new Error(`${host.name} did not become a resident; its screen:\n${screen}`);
  }
  mind.name = String(come.name);
  return { host, place, mind, terminal };
}

async function converse({ checks, browser }: Stage, all: readonly Resident[], person: Person): Promise<void> {
  const asked: string[] = [];
  const unseen: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [first, second] = round % 2 === 0 ? all : all.toReversed();
    if (first === undefined || second === undefined) return;
    const [id, next] = [`a${round}`, `a${round}x`];
    asked.push(id, next);
    await person.ask(question(id, first.mind.name, second.mind.name), first.mind.name);
    if (!(await person.hears(() => person.answers(id) > 0 && person.answers(next) > 0, ANSWER_MS))) break;
    for (const one of [id, next]) if (!(await person.sees(one))) unseen.push(one);
  }
  const label = `residents ${all.map(({ host }) => host.name).join(" and ")}`;
  const wrong = asked.filter((id) => person.answers(id) !== 1).map((id) => `${person.answers(id)} answers to ${id}`);
  const screens = wrong.length === 0 ? [] : all.map(({ terminal }) => terminal.screen());
  const isKept = wrong.length === 0 && asked.length === 2 * ROUNDS;
  checks.check(
    `${label}: each of ${asked.length} questions is answered once`,
    isKept,
    [...wrong, ...screens].join("; "),
  );
  if (browser === undefined) return;
  checks.check(`${label}: the person's page shows every answer`, unseen.length === 0, unseen.join(", "));
}
