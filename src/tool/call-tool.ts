/**
 * The way of a call: arguments, identity, what is done with, action, answer. Each action ends in one
 * call of the port; only listen and status ask what is unread elsewhere.
 */
import { ERRORS, type Refusal, WAIT_MAX } from "../protocol/index.ts";
import { OF_AN_AGENT, OF_ANYBODY } from "./actions.ts";
import {
  ADVISED_WAIT,
  answerRefusal,
  type CallContext,
  compose,
  type Answer,
  type Answered,
  type Help,
  nextListen,
  nobody,
  type ToolAnswer,
  type Turn,
  withIdentity,
} from "./answer.ts";
import { type Action, type Call, exampleOf, parseCall } from "./arguments.ts";
import { Memory } from "./memory.ts";
import type { Agent, Claim, HubPort } from "./port.ts";
import { settle } from "./settle.ts";

/** Actions that say themselves what is done with. */
const SETTLES_ITSELF: ReadonlySet<Action> = new Set(["listen", "send"]);

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
  const agent = await port.identify(claimOf(parsed.call));
  const known = agent.ok ? agent.value : undefined;
  const turn: Turn = { port, call: parsed.call, context, memory: memoryOf(known, context) };
  if (known !== undefined && !SETTLES_ITSELF.has(parsed.call.action)) await settle(turn, known.key);
  const answer: Answered<Answer> = agent.ok ? await act(turn, known) : agent;
  if (answer.ok) return compose(turn, answer.value);
  const { refusal, help = helpAfter(turn, refusal) } = answer;
  return answerRefusal(refusal, madeBy(turn.call, help));
}

/** Nobody has none, nor has somebody whose host remembers nothing. */
function memoryOf(agent: Agent | undefined, { memory }: CallContext): Memory {
  return (agent && memory?.(agent)) ?? new Memory(true);
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
function helpAfter(turn: Turn, why: Refusal): Help {
  const { code, retry_after_ms } = why;
  const { call } = turn;
  const { action, channel } = call;
  if (code === "identity_mismatch" && call.key !== undefined) return anonymous(call);
  if (code === "not_participant")
    return { next: channel === undefined ? { action: "list" } : { action: "join", channel } };
  if (code === "channel_not_found" || code === "channel_deleted") return { next: { action: "list" } };
  // Made twice, a message or a channel is there twice: look first.
  if (code === "outcome_unknown" && action === "create") return { next: { action: "list" } };
  if (code === "outcome_unknown" && action === "send") return { next: { action: "history", channel, limit: 5 } };
  if (!ERRORS[code].retry && code !== "paused") return { example: exampleOf(action) };
  // Something to do until the same send may pass.
  return {
    next: action === "send" || code === "paused" ? { ...nextListen(turn), wait: pauseFor(retry_after_ms) } : call,
  };
}

/** The same call without a key: the host's counts. A text may be longer than an answer. */
function anonymous(call: Call): Help {
  if (call.action === "send") return { example: { ...exampleOf("send"), key: undefined } };
  return { next: { ...call, key: undefined } };
}

/** Seconds to listen until a refused send may be made again. */
function pauseFor(retry_after_ms: number | undefined): number {
  return retry_after_ms === undefined ? ADVISED_WAIT : Math.min(Math.ceil(retry_after_ms / 1000), WAIT_MAX);
}

/** The same help for whoever made `call`. */
function madeBy(call: Call, help: Help): Help {
  return "next" in help ? { next: withIdentity(call, help.next) } : { example: withIdentity(call, help.example) };
}
