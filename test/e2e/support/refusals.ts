/** What every refusal has in common, and what no answer may ever show. */
import { expect } from "vitest";
import { ERRORS, type ErrorCode } from "../../../src/protocol/index.ts";
import { type Answer, call, type Json } from "../../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../../support/process/hub-process.ts";
import { requestsIn } from "./log-lines.ts";

/** Stack frames, source places, SQL. */
const INSIDES = /\n\s*at |\bat \S+ \(|\.(ts|js):\d|sqlite|\b(SELECT|INSERT|UPDATE) /i;
/** What the runtime or the hub's log says when something was not foreseen. */
const ALARMED = /uncaught|exception|"level":"error"/i;

/** How a refusal looks: `400 bad_key` over HTTP, and what its text must say. */
export interface Refused {
  readonly is: string;
  readonly says: string;
}

export function expectRefusal({ status, body }: Pick<Answer, "status" | "body">, { is, says }: Refused): void {
  expect(`${status} ${body.code}: ${body.error}`).toContain(`${is}: `);
  expect(body).toEqual(expect.objectContaining({ ok: false, request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) }));
  expect(body.error).toContain(says);
  expect(ERRORS[body.code as ErrorCode].status).toBe(status);
  expectNoInsides(body);
}

/** `code` of an error frame, which ends the connection or not. */
export function expectError(frame: Json, { is, says }: Refused, fatal = false): void {
  expect(frame).toMatchObject({ type: "error", code: is, fatal });
  expect(frame.data).toContain(says);
  expect(ERRORS).toHaveProperty(is);
  expectNoInsides(frame);
}

export function expectNoInsides(answer: Json): void {
  const text = JSON.stringify(answer);
  expect(text).not.toMatch(INSIDES);
  expect(text).not.toContain(HUB_KEY);
}

/** Everything a request could have changed in a channel or beside it; presence, which sockets change as they end, aside. */
export async function stateOf(url: string, id: string): Promise<Json> {
  const [history, list] = await Promise.all([
    call(url, `/api/channel/${id}/history?limit=1000`),
    call(url, "/api/channel/list?limit=1000"),
  ]);
  const withoutPresence = (name: string, value: unknown): unknown => (name.startsWith("connected") ? undefined : value);
  return { history: history.body, list: JSON.parse(JSON.stringify(list.body, withoutPresence)) };
}

/** Runs `attempt`, which must leave no trace. */
export async function withoutTrace<T>(url: string, id: string, attempt: () => Promise<T>): Promise<T> {
  const before = await stateOf(url, id);
  const result = await attempt();
  expect(await stateOf(url, id)).toEqual(before);
  return result;
}

/** Ends a hub that must not have been alarmed by anything it was told, nor have repeated any of it. */
export async function endCalmly(hub: HubProcess): Promise<void> {
  await hub[Symbol.asyncDispose]();
  expect(hub.output).not.toMatch(ALARMED);
  requestsIn(hub.output);
}
