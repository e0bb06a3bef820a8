/** The hub's log as it must be: JSON lines of known fields, none of which can hold a caller's words. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { ERRORS } from "../../../src/protocol/index.ts";
import type { HubProcess } from "../../support/process/hub-process.ts";

const FORMS: Readonly<Record<string, RegExp>> = {
  level: /^info$/,
  event: /^request$/,
  // As the code writes them; a parameter is named, not shown.
  route: /^(none|(\/(:id|[a-z_.-]+))+)$/,
  method: /^[A-Z]+$/,
  status: /^\d{3}$/,
  code: new RegExp(`^(${Object.keys(ERRORS).join("|")})$`),
  request_id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  kid: /^(HUB_KEY|[A-Za-z0-9-]{1,32})$/,
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
