/**
 * The examples of PROTOCOL.md are one story. A hub is started, everything the story says is done in
 * order, and every answer must be the one that is written: fields equal, none missing, none more.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, type Answer, call, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { type Step, story } from "../support/protocol-page.ts";
import { history, startHub } from "./support/hub-calls.ts";
import { endCalmly } from "./support/refusals.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => endCalmly(hub));

/** What differs from run to run, by its form: message ids (but their number), times, epochs, request ids, passes. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/^msg-\d{13}-/, "msg-TIME-"],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "TIME"],
  [/^[0-9a-f]{16}$/, "EPOCH"],
  [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "UUID"],
  [/^p\d+_[\w-]{16}$/, "PASS-ID"],
  [/^hubp_[\w-]+…?\.(…|[\w-]+)$/, "PASS"],
];

function masked(_name: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return FORMS.reduce((text, [form, word]) => text.replace(form, word), value);
}

/** `"…": "…"` in an object stands for further fields. */
function elided(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("…" in value)) return value;
  const { "…": _more, ...fields } = value;
  return expect.objectContaining(fields);
}

function expectWritten(actual: unknown, { json = "null", line }: Step): void {
  const written: unknown = JSON.parse(JSON.stringify(JSON.parse(json, masked)), elided);
  expect(JSON.parse(JSON.stringify(actual), masked), `PROTOCOL.md:${line}`).toEqual(written);
}

/** Plays the story: keeps the agents' sockets, and the request whose answer comes next. */
class Player {
  readonly agents: Map<string, Agent> = new Map();
  #request: { readonly method: string; readonly path: string; headers: Record<string, string>; body?: string } = {
    method: "",
    path: "",
    headers: {},
  };

  async play(step: Step): Promise<void> {
    const words = step.says.split(" ");
    const [first = "", second = "", third = ""] = words;
    if (first === "→") return this.#expectAnswer(await this.#ask(), Number(second), step);
    if (first.endsWith(":")) return this.#addHeader(first.slice(0, -1), second, step);
    if (second.startsWith("/")) return this.#startRequest(first, second, step);
    if (second === "connects") return await this.#connect(first, third);
    if (second === "→") return this.#agent(first).say(step.json ?? "");
    if (second === "←") return expectWritten(await this.#agent(first).next(), step);
    expect((await this.#agent(first).untilClosed()).code).toBe(Number(words.at(-1)));
  }

  #startRequest(method: string, path: string, { json }: Step): void {
    this.#request = { method, path, headers: {}, ...(json !== undefined && { body: json }) };
  }

  #addHeader(name: string, value: string, { json }: Step): void {
    this.#request.headers[name] = value;
    if (json !== undefined) this.#request.body = json;
  }

  #ask(): Promise<Answer> {
    const { path, ...init } = this.#request;
    return call(hub.url, path, init);
  }

  #expectAnswer(answer: Answer, status: number, step: Step): void {
    expectWritten(answer.body, step);
    expect(answer.status, `PROTOCOL.md:${step.line}`).toBe(status);
  }

  async #connect(name: string, path: string): Promise<void> {
    const [, id = "", query = ""] = /^\/ws\/channel\/([^?]+)\?(.*)$/.exec(path) ?? [];
    const { meta } = await history(hub.url, id);
    // A resumed position names the epoch that this run's channel has.
    const told = query.replace(/(?<=epoch=)[0-9a-f]{16}/, meta.epoch as string);
    this.agents.set(name, await Agent.connect(hub.url, id, told));
  }

  #agent(name: string): Agent {
    const agent = this.agents.get(name);
    if (agent === undefined) throw new Error(`${name} never connected`);
    return agent;
  }
}

test("the story that PROTOCOL.md tells happens as it is told, and nothing else does", async () => {
  const steps = story();
  expect(steps.length).toBeGreaterThan(50);
  const player = new Player();
  for (const step of steps) {
    await player.play(step).catch((cause: unknown) => {
      throw new Error(`PROTOCOL.md:${step.line}: ${step.says}`, { cause });
    });
  }
  const untold: Json[] = [...player.agents.values()].flatMap((agent) => agent.inbox);
  expect(untold).toEqual([]);
});
