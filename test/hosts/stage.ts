/** What every scenario has: the hub, the models, the hosts that are there, and the checks. */
import type { Browser } from "playwright-core";
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { HostedAgent } from "./agent.ts";
import type { Checks } from "./checks.ts";
import { FORMS, type Form, type Host } from "./hosts/host.ts";
import type { ModelServer } from "./model/server.ts";
import { PagePerson } from "./page-person.ts";
import { Person } from "./person.ts";

export interface Stage {
  readonly hub: HubProcess;
  readonly models: ModelServer;
  readonly hosts: readonly Host[];
  readonly checks: Checks;
  /** For persons at the page; undefined where there is none. */
  readonly browser: Browser | undefined;
}

/** Which host, in which form. */
interface Seat {
  readonly host: Host;
  readonly form: Form;
}

/** Who asks in a channel of that name: at the page, where there is a browser. */
export async function personAtPage({ hub, browser }: Stage, name: string): Promise<Person> {
  return await (browser === undefined ? Person.in(hub.url, name) : PagePerson.at(browser, hub.url, name));
}

/** Agents in a channel of its own with a person in it; all of them end with `use`. Who cannot come is missing there. */
export async function gather(
  stage: Stage,
  person: Person,
  seats: readonly Seat[],
  use: (agents: readonly HostedAgent[], person: Person) => Promise<void>,
): Promise<void> {
  const agents: HostedAgent[] = [];
  try {
    for (const seat of seats) agents.push(...(await settled(stage, seat, person)));
    await use(agents, person);
  } finally {
    await person.leave();
    await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()));
  }
}

/** The agent, or nobody, which is a promise broken. */
async function settled({ hub, models, checks }: Stage, seat: Seat, person: Person): Promise<readonly HostedAgent[]> {
  try {
    return [await HostedAgent.settle({ ...seat, hub: hub.url, key: HUB_KEY, person, models })];
  } catch (error) {
    checks.check(`${seat.host.name} ${seat.form}: is connected`, false, error instanceof Error ? error.message : "");
    return [];
  }
}

/** Every host in every form. */
export function everySeat(hosts: readonly Host[]): Seat[] {
  return hosts.flatMap((host) => FORMS.map((form) => ({ host, form })));
}
