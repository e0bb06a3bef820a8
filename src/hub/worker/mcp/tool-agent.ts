/** For whom a model calls the tool, as its host says in headers or it says itself, and what it was shown. */
import type { Caller } from "../../../channel/index.ts";
import { check, field, isWithin, map, ok, refuse, type Result, showLine } from "../../../protocol/index.ts";
import type { Agent, Claim, Memory } from "../../../tool/index.ts";
import { provenKey } from "../admission/caller.ts";
import { callerFor } from "../admission/identity.ts";
import type { HubContext } from "../context.ts";
import { memories } from "./memories.ts";

/** Headers in which a host says for whom its model calls; a name is percent-encoded UTF-8. */
const AGENT_HEADER = "x-hub-agent";
const NAME_HEADER = "x-hub-name";

/** Whom the host named is final; then the argument counts, then what the request proves. */
export function identify(c: HubContext, claim: Claim): Result<Agent | undefined> {
  const own = c.req.header(AGENT_HEADER);
  const key = own ?? claim.key ?? provenKey(c.var.proof).key;
  if (key === undefined) return ok(undefined);
  if (claim.key !== undefined && claim.key !== key) {
    return refuse("identity_mismatch", `your host speaks for ${showLine(key)} alone (x-hub-agent); leave key out`);
  }
  if (!isWithin("agent", c.var.admission.scope)) {
    return refuse(
      "forbidden_scope",
      "a hub key of scope read acts as nobody; leave key out, or use one of scope agent",
    );
  }
  const name = claim.name ?? nameIn(c);
  const given = check(field.agentKey, key, "key");
  const named = name === undefined ? ok(undefined) : check(field.participantName, name, "name");
  if (!given.ok) return given;
  if (!named.ok) return named;
  return map(callerOf(c, { key: given.value, name: named.value }), (caller) => {
    return caller.name === undefined ? { key: caller.key } : { key: caller.key, name: caller.name };
  });
}

/** What this agent was shown; a plain claim of a key shares nothing with who proves it. */
export function memoryOf(c: HubContext, { key }: Agent): Memory {
  const strength = provenKey(c.var.proof).key === key ? "proven" : "plain";
  return memories.of(`${strength} ${key}`, c.var.admission.key.kid, Date.now());
}

function nameIn(c: HubContext): string | undefined {
  const name = c.req.header(NAME_HEADER);
  try {
    return name === undefined ? undefined : decodeURIComponent(name);
  } catch {
    // Not percent-encoded: it stands for itself.
    return name;
  }
}

export interface Who {
  readonly key: string;
  readonly name?: string | undefined;
}

/** Who calls a tool is a declared agent. */
export function callerOf(c: HubContext, { key, name }: Who): Result<Caller> {
  return callerFor(c, { key, name, kind: "agent" });
}
