/** An agent: a host on a machine of its own, connected to the hub, with its model. */
import type { Json } from "../support/frame-socket.ts";
import { connect } from "./connect.ts";
import type { Form, Host } from "./hosts/host.ts";
import type { Mind } from "./model/mind.ts";
import type { ModelServer } from "./model/server.ts";
import type { Person } from "./person.ts";
import { type Finished, Place } from "./place.ts";
import { Terminal } from "./terminal.ts";

/** What the user says first. */
const PROMPT = "Begin.";

export interface Settling {
  readonly host: Host;
  readonly form: Form;
  readonly hub: string;
  readonly key: string;
  readonly person: Person;
  readonly models: ModelServer;
}

export class HostedAgent {
  readonly host: Host;
  readonly form: Form;
  readonly place: Place;
  readonly mind: Mind;
  /** What the user saw when it was connected. */
  readonly setup: Finished;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(settling: Settling, place: Place, mind: Mind, env: Record<string, string>, setup: Finished) {
    this.host = settling.host;
    this.form = settling.form;
    this.place = place;
    this.mind = mind;
    this.#env = env;
    this.setup = setup;
  }

  /** From a machine with nothing but the host to a member of the person's channel. */
  static async settle(settling: Settling): Promise<HostedAgent> {
    const { host, form, hub, key, person, models } = settling;
    const place = new Place(host.name);
    try {
      const { mind, url } = models.mind();
      place.write(host.settings({ project: place.project, model: url }));
      const setup = await connect(place, host, { hub, key, channel: person.channel, form });
      mind.name = nameOf(host, form, await person.members());
      return new HostedAgent(settling, place, mind, host.env(url), setup);
    } catch (error) {
      await place[Symbol.asyncDispose]();
      throw error;
    }
  }

  get label(): string {
    return `${this.host.name} ${this.form}`;
  }

  get name(): string {
    return this.mind.name;
  }

  /** One turn without a terminal, at most `most` milliseconds. */
  async run(most: number): Promise<Finished> {
    return await this.place.run([this.host.name, ...this.host.headless(PROMPT)], { most, env: { ...this.#env } });
  }

  /** In a terminal, its first turn done and the tool there. */
  async open(most: number): Promise<Terminal> {
    const { mind } = this;
    const terminal = await Terminal.open(this.place, [this.host.name, ...this.host.interactive], this.#env);
    for (const until = performance.now() + most; mind.results.length === 0;) {
      const asked = mind.asked;
      await terminal.type(PROMPT);
      // Once more where a first Enter was swallowed.
      for (let enters = 0; enters < 2 && !(await mind.until(() => mind.asked > asked, SETTLED_MS)); enters++)
        terminal.enter();
      // Asked before its server was there, it has to be told again; once it calls, it is only slow.
      await mind.until(() => mind.results.length > 0, SETTLED_MS);
      if (mind.calls.length > 0) await mind.until(() => mind.results.length > 0, most);
      if (terminal.isOver || performance.now() > until)
        throw new Error(`${this.label} does not begin; its screen:\n${terminal.screen()}`);
    }
    await mind.until(() => mind.isIdle, most);
    return terminal;
  }

  /** Ends it as its user would, then whatever its host keeps; what is left then was left behind. */
  async leave(terminal: Terminal): Promise<readonly string[]> {
    for (const line of this.host.leave) await terminal.type(line);
    if (this.host.leave.length === 0 || !(await terminal.ended(LEAVING_MS))) terminal.close();
    await terminal.ended(LEAVING_MS);
    if (this.host.stop !== undefined) await this.place.run([this.host.name, ...this.host.stop]);
    return (await this.place.left(LEAVING_MS)).map(({ command }) => command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place[Symbol.asyncDispose]();
  }
}

/** As it was called by whoever connected it. */
function nameOf({ name }: Host, form: Form, members: readonly Json[]): string {
  const names = members.map((one) => String(one.name));
  const mine = names.filter(
    (one) => one.toLowerCase().startsWith(name) && one.endsWith("REMOTE") === (form === "remote"),
  );
  if (mine.length !== 1) throw new Error(`${name} ${form} should have joined; there are ${names.join(", ")}`);
  return mine[0] ?? "";
}

/** Between two tries to begin: a host takes no words before it has drawn itself. */
const SETTLED_MS = 4000;
/** For a host to end, and all that it started. */
const LEAVING_MS = 20_000;
