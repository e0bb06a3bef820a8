/** send: one line says what became of the message. */
import { ok, showLine, type Unresolved } from "../protocol/index.ts";
import { type AgentTurn, type Answer, type Answered, brief, nextListen } from "./answer.ts";
import { membership, shown } from "./membership.ts";
import { showName, someOf } from "./names.ts";
import type { SendAnswer } from "./port.ts";
import { chooseChannel } from "./resolve.ts";
import { settle } from "./settle.ts";

/** Keys or names listed of each sort. */
const LISTED = 10;
/** Messages left before the loop guard stops an agent, from which on it is told. */
const GUARD_WARNS = 10;

export async function send(turn: AgentTurn): Promise<Answered<Answer>> {
  const chosen = await chooseChannel(turn, turn.agent.key);
  const done = chosen.ok ? turn.memory.find(chosen.value.id)?.settle() : undefined;
  await settle(turn, turn.agent.key, chosen.ok ? chosen.value.id : undefined);
  if (!chosen.ok) return chosen;
  const { text = "", to, reply_to } = turn.call;
  const extras = {
    ...(to && { to }),
    ...(reply_to !== undefined && { reply_to }),
    ...(done !== undefined && { done }),
  };
  const sent = await turn.port.send({ ...membership(turn, chosen.value), text, ...extras });
  if (!sent.ok) return sent;
  const { message, position } = sent.value;
  const said = outcomeOf(sent.value);
  const place = turn.memory.at(message.channel_id);
  if (position !== undefined) place.moved(position);
  return ok(
    brief(
      (nameOf) => `Sent [${message.seq}] to ${shown(chosen.value, nameOf)}: ${said}.`,
      () => nextListen(turn, message.channel_id),
    ),
  );
}

function outcomeOf({ duplicate, delivered, unresolved, guard, ...sent }: SendAnswer): string {
  const { offline, offline_more = 0, names } = sent;
  const parts = [duplicate ? "it had been sent before" : `reached ${delivered === 0 ? "nobody yet" : delivered}`];
  if (offline.length > 0) parts.push(`offline: ${someOf(named(offline, names), LISTED, offline_more)}`);
  if (unresolved.length > 0) parts.push(`unresolved: ${someOf(unresolved.map(whoIsIt), LISTED)}`);
  if (guard !== undefined && guard.left <= GUARD_WARNS)
    parts.push(`loop guard: ${guard.left} more until somebody other than an agent speaks`);
  return parts.join("; ");
}

/** Names as everywhere else; the key where the name is unknown, and beside it where two carry it. */
function named(keys: readonly string[], names: ReadonlyMap<string, string> = new Map()): readonly string[] {
  return keys.map((key) => {
    const name = names.get(key);
    if (name === undefined || name === key) return showLine(key);
    const isShared = keys.some((other) => other !== key && names.get(other) === name);
    return isShared ? `${showName(name)} (key ${showLine(key)})` : showName(name);
  });
}

/** `DLETA (nobody)`, or `BOB (bob-1 or bob-2)`. */
function whoIsIt({ name, candidates }: Unresolved): string {
  const held = candidates.slice(0, LISTED).map(showLine).join(" or ");
  return `${showName(name)} (${held === "" ? "nobody" : `${held}: pass the key in to`})`;
}
