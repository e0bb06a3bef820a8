/**
 * The way of a call: arguments, identity, action, answer. Each action ends in one call of the port;
 * what is unread elsewhere is asked at the end, so that it counts what came during a wait.
 */
import { ERRORS, type Refusal } from "../protocol/index.ts";
import {
  answerRefusal,
  type CallContext,
  compose,
  type Answer,
  type Answered,
  type Help,
  nobody,
  type ToolAnswer,
  type Turn,
  unreadLine,
  withIdentity,
} from "./answer.ts";
import { type Action, type Call, exampleOf, parseCall } from "./arguments.ts";
import { history } from "./history.ts";
import { listen } from "./listen.ts";
import { list, status, who } from "./look.ts";
import { connect, create, disconnect, join, leave } from "./membership.ts";
import type { Agent, Claim, HubPort } from "./port.ts";
import { send } from "./send.ts";

/** Actions that are somebody's. */
const OF_AN_AGENT = { create, join, leave, send, listen, connect, disconnect, status } as const;
/** Actions of anybody; a known agent's key tells them what is its own. */
const OF_ANYBODY = { list, who, history } as const;

/**
 * Runs one call of the tool.
 *
 * `args` is what the model sent, unchecked. The answer is text for the model, at most
 * `context.budget` UTF-16 units (8,000 when left out, 4,000 at least); `isError` marks refusals,
 * which carry a code of the protocol's table and a call that is right. Throws only what the port
 * throws: broken invariants, for the host to log.
 */
export async function callTool(port: HubPort, args: unknown, context: CallContext): Promise<ToolAnswer> {
  const parsed = parseCall(args);
  if (!parsed.ok) return answerRefusal(parsed.refusal, { example: parsed.example });
  const turn: Turn = { port, call: parsed.call, context };
  const agent = await port.identify(claimOf(parsed.call));
  const answer: Answered<Answer> = agent.ok ? await act(turn, agent.value) : agent;
  const unread = agent.ok && agent.value !== undefined ? await port.unread({ key: agent.value.key }) : undefined;
  if (answer.ok) return compose(turn, answer.value, unread);
  const { refusal, help = helpAfter(turn.call, refusal) } = answer;
  return answerRefusal(refusal, madeBy(turn.call, help), unreadLine(unread));
}

function claimOf({ key, name }: Call): Claim {
  return { ...(key !== undefined && { key }), ...(name !== undefined && { name }) };
}

async function act(turn: Turn, agent: Agent | undefined): Promise<Answered<Answer>> {
  const { action } = turn.call;
  if (isOfAnybody(action)) return await OF_ANYBODY[action](turn, agent?.key);
  if (agent !== undefined) return await OF_AN_AGENT[action]({ ...turn, agent });
  return { ok: false, refusal: nobody(action), help: { example: { ...exampleOf(action), ...SOMEBODY } } };
}

const SOMEBODY = { key: "alpha-1", name: "ALPHA" };

function isOfAnybody(action: Action): action is keyof typeof OF_ANYBODY {
  return Object.hasOwn(OF_ANYBODY, action);
}

/** What helps after a refusal of the hub's. */
function helpAfter(call: Call, { code }: Refusal): Help {
  const { action, channel } = call;
  if (code === "not_participant")
    return { next: channel === undefined ? { action: "list" } : { action: "join", channel } };
  if (code === "channel_not_found" || code === "channel_deleted") return { next: { action: "list" } };
  // Made twice, a message or a channel is there twice: look first.
  if (code === "outcome_unknown" && action === "send") return { next: { action: "history", channel, limit: 5 } };
  if (code === "outcome_unknown" && action === "create") return { next: { action: "list" } };
  return ERRORS[code].retry && action !== "send" ? { next: call } : { example: exampleOf(action) };
}

/** The same help for whoever made `call`. */
function madeBy(call: Call, help: Help): Help {
  return "next" in help ? { next: withIdentity(call, help.next) } : { example: withIdentity(call, help.example) };
}
