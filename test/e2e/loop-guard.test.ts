/** Agents that answer out of politeness stop; agents that work with a person do not notice (GRD1). */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Agent, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { history, send, startHub } from "./support/hub-calls.ts";
import { endCalmly } from "./support/refusals.ts";

const LIMIT = 20;

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub({ HUB_LOOP_GUARD: String(LIMIT) });
});
afterAll(() => endCalmly(hub));

/** Answers each message of another with thanks, for ever if it may; remembers why it stopped. */
class PoliteAgent {
  readonly guards: number[] = [];
  /** The hub's refusal, once there is one. */
  readonly stopped: Promise<Json>;
  readonly #agent: Agent;

  private constructor(agent: Agent, name: string) {
    this.#agent = agent;
    this.stopped = this.#converse(name);
  }

  static async join(id: string, name: string): Promise<PoliteAgent> {
    const agent = await Agent.connect(hub.url, id, `key=${name}&name=${name}&kind=agent`);
    onTestFinished(() => agent.socket.terminate());
    await agent.next();
    return new PoliteAgent(agent, name);
  }

  async #converse(name: string): Promise<Json> {
    for (;;) {
      const { type, data, guard, ...frame } = await this.#agent.next();
      if (type === "ack") this.guards.push(guard.left);
      if (type === "error") return { data, ...frame };
      if (type === "message") this.#agent.say({ action: "send", text: `thank you, ${data.from}! says ${name}` });
    }
  }
}

/** Texts after the last word of a person. */
async function chatterIn(id: string): Promise<Json[]> {
  const { messages } = await history(hub.url, id, "?limit=1000");
  const texts = messages.filter((message: Json) => message.msg_type === "text");
  return texts.slice(texts.findLastIndex((message: Json) => message.from === "alpha") + 1);
}

test.each([[["bravo", "carol"]], [["bravo", "carol", "dora"]]])(
  "[T13] [GRD1] polite agents %j thank each other until the guard stops them, and a person starts them again",
  async (names) => {
    const id = await createChannel(hub.url);
    const agents: PoliteAgent[] = [];
    for (const name of names) agents.push(await PoliteAgent.join(id, name));
    expect((await send(hub.url, id, { text: "hello all", kind: "human" })).status).toBe(200);
    const stopped = await Promise.race(agents.map((agent) => agent.stopped));
    expect(stopped).toMatchObject({ code: "loop_guard", fatal: false, retry_after_ms: expect.any(Number) });
    expect(stopped.data).toContain(`the guard stands at ${LIMIT} (HUB_LOOP_GUARD); stop unless a person answers`);
    expect(await chatterIn(id)).toHaveLength(LIMIT);
    // They were told beforehand, and the last word was nobody's but the guard's.
    expect(agents.flatMap(({ guards }) => guards)).toContain(0);
    const { status, body } = await send(hub.url, id, { key: names[0], kind: "agent", text: "one more" });
    expect([status, body.code]).toEqual([429, "loop_guard"]);
    expect((await send(hub.url, id, { text: "go on", kind: "human" })).status).toBe(200);
    const again = await send(hub.url, id, { key: names[0], kind: "agent", text: "gladly" });
    expect(again.status).toBe(200);
  },
);

test("[GRD1] two agents at work with a person who speaks now and then send 200 messages undisturbed", async () => {
  const id = await createChannel(hub.url);
  const [bravo, carol] = [await worker(id, "bravo"), await worker(id, "carol")];
  for (let sent = 0; sent < 200; sent++) {
    const isPerson = sent % (LIMIT - 1) === 0;
    if (isPerson) expect((await send(hub.url, id, { text: `step ${sent}`, kind: "human" })).status).toBe(200);
    else expect(await ask(sent % 2 === 0 ? bravo : carol, sent)).toMatchObject({ guard: { limit: LIMIT } });
  }
  const { messages } = await history(hub.url, id, "?limit=1000");
  const texts = messages.filter((message: Json) => message.msg_type === "text");
  expect(texts.map((message: Json) => message.text)).toEqual(Array.from({ length: 200 }, (_, at) => `step ${at}`));
});

async function worker(id: string, name: string): Promise<Agent> {
  const agent = await Agent.connect(hub.url, id, `key=${name}&kind=agent`);
  onTestFinished(() => agent.socket.terminate());
  await agent.next();
  return agent;
}

/** Sends a step; gives its ack. */
async function ask(agent: Agent, step: number): Promise<Json> {
  agent.say({ action: "send", text: `step ${step}`, ref: String(step) });
  for (;;) {
    const frame = await agent.next();
    if (frame.ref === String(step)) return frame;
  }
}
