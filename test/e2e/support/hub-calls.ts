/** The few calls that nearly every end-to-end test makes. */
import { inject, onTestFinished } from "vitest";
import { Agent, type Answer, call, type Json } from "../../support/process/agent.ts";
import { HubProcess } from "../../support/process/hub-process.ts";

/** A hub whose rate limit is off: tests speak faster than agents. */
export function startHub(variables: Readonly<Record<string, string>> = {}): Promise<HubProcess> {
  return HubProcess.start({ worker: inject("worker"), variables: { HUB_RATE_PER_SECOND: "0", ...variables } });
}

/** Connects and takes the first frame. The socket ends with the test. */
export async function connected(
  url: string,
  id: string,
  query: string,
  headers?: Readonly<Record<string, string>>,
): Promise<Agent> {
  const agent = await Agent.connect(url, id, query, headers);
  onTestFinished(() => agent.socket.terminate());
  await agent.next();
  return agent;
}

export function post(url: string, action: string, body: unknown): Promise<Answer> {
  return call(url, `/api/channel/${action}`, { body });
}

export function send(url: string, channel_id: string, fields: object = {}): Promise<Answer> {
  return post(url, "send", { channel_id, key: "alpha", text: "hello", ...fields });
}

/** Body of a history answer. */
export async function history(url: string, id: string, query = ""): Promise<Json> {
  return (await call(url, `/api/channel/${id}/history${query}`)).body;
}

/** Texts of the retained messages, oldest first. */
export async function textsOf(url: string, id: string): Promise<string[]> {
  const { messages } = await history(url, id, "?limit=1000");
  return messages.map((message: Json) => message.text);
}

/** The channel as `list` shows it. */
export async function summaryOf(url: string, id: string): Promise<Json> {
  const { body } = await call(url, "/api/channel/list?limit=1000");
  return body.channels.find((channel: Json) => channel.id === id);
}

/** Sends `number 0`, `number 1`… over a socket; gives the acks. */
export async function sendMany(agent: Agent, count: number): Promise<Json[]> {
  for (let number = 0; number < count; number++) agent.say({ action: "send", text: `number ${number}` });
  const acks: Json[] = [];
  while (acks.length < count) acks.push(await agent.next());
  return acks;
}

/** Takes frames that are of no interest. */
export async function skip(agent: Agent, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken++) await agent.next();
}
