/** What every scenario has: the hub, the models, the hosts that are there, and the checks. */
import { HUB_KEY, type HubProcess } from "../support/process/hub-process.ts";
import { HostedAgent } from "./agent.ts";
import type { Checks } from "./checks.ts";
import { FORMS, type Form, type Host } from "./hosts/host.ts";
import type { ModelServer } from "./model/server.ts";
import { Person } from "./person.ts";

export interface Stage {
  readonly hub: HubProcess;
  readonly models: ModelServer;
  readonly hosts: readonly Host[];
  readonly checks: Checks;
}

/** A channel of its own with a person and agents in it; all of them end with `use`. */
export async function gather(
  { hub, models }: Stage,
  name: string,
  seats: readonly { readonly host: Host; readonly form: Form }[],
  use: (agents: readonly HostedAgent[], person: Person) => Promise<void>,
): Promise<void> {
  const person = await Person.in(hub.url, name);
  const agents: HostedAgent[] = [];
  try {
    for (const seat of seats)
      agents.push(await HostedAgent.settle({ ...seat, hub: hub.url, key: HUB_KEY, person, models }));
    await use(agents, person);
  } finally {
    person.leave();
    await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()));
  }
}

/** Every host in every form. */
export function everySeat(hosts: readonly Host[]): { readonly host: Host; readonly form: Form }[] {
  return hosts.flatMap((host) => FORMS.map((form) => ({ host, form })));
}
