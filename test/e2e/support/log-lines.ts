/** The hub's log as it must be: JSON lines of known fields, none of which can hold a caller's words. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { ERRORS, KEY_PATTERN } from "../../../src/protocol/index.ts";
import type { HubProcess } from "../../support/process/hub-process.ts";

const FORMS: Readonly<Record<string, RegExp>> = {
  level: /^info$/,
  event: /^(request|tool|socket_refused|socket_closed)$/,
  time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  // As the code writes them; a parameter is named, not shown.
  route: /^(none|(\/(:id|[a-z_.-]+))+)$/,
  method: /^[A-Z]+$/,
  status: /^\d{3}$/,
  code: new RegExp(`^(${Object.keys(ERRORS).join("|")})$`),
  request_id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  kid: /^(HUB_KEY|[A-Za-z0-9-]{1,32})$/,
  // Public, and of a form that no line can be forged with.
  agent: new RegExp(`^(~[A-Za-z0-9_-]+|${KEY_PATTERN.source.slice(1, -1)})$`),
  message: /^msg-\d+-\d+$/,
  action: /^[a-z]+$/,
  count: /^10*$/,
  close: /^\d{4}$/,
  seconds: /^\d+$/,
  refused: /^[a-z_]+ \d+(, [a-z_]+ \d+)*$/,
  channel: /^ch-[1-9]\d{0,8}$/,
  ms: /^\d+$/,
};

/** Requests as they were logged; fails on a line that is anything else. */
export function requestsIn(output: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = output.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const fields = JSON.parse(line) as Record<string, unknown>;
    for (const [name, value] of Object.entries(fields)) expect(`${name} ${String(value)}`).toMatch(formOf(name));
    return fields;
  });
}

/** What a process writes arrives a moment after what it answers. */
export async function untilSaid(hub: HubProcess, text: string): Promise<void> {
  while (!hub.output.includes(text)) await sleep(10);
}

function formOf(name: string): RegExp {
  return new RegExp(`^${name} ${FORMS[name]?.source.slice(1, -1) ?? "is no field of the log"}$`);
}
