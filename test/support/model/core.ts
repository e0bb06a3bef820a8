/** The scripts on the pure rules: a million steps in a few minutes. */
import fc from "fast-check";
import { listen, type Outcome, settleListen } from "../../../src/channel/index.ts";
import { ChannelFixture, messageIn, messagesOf, RECORD, START } from "../channel-fixture.ts";
import { type Answer, type Ask, play } from "./play.ts";
import { type Script, scripts } from "./script.ts";

/** Small, so that scripts of sixty steps meet it. */
const GUARD = 2;
const OPTIONS = { now: START, number: RECORD.number, epoch: RECORD.epoch, guard: GUARD, hasTurns: true };

export interface ModelRun {
  readonly seed: number;
  readonly scripts: number;
}

/** Plays random scripts; gives the number of steps. Throws with the smallest script that fails, and how to play it again. */
export function runModel({ seed, scripts: numRuns }: ModelRun): number {
  let steps = 0;
  const property = fc.property(scripts({ beginnings: 2 }), (script) => void (steps += playOnCore(script)));
  try {
    fc.assert(property, { numRuns, seed });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`${said}\nagain: npm run test:model -- --seed ${seed} --scripts ${numRuns}`, { cause: error });
  }
  return steps;
}

function playOnCore(script: Script): number {
  const channel = new ChannelFixture({}, { HUB_LOOP_GUARD: GUARD });
  const game = play(script, OPTIONS);
  let turn = game.next();
  while (turn.done !== true) turn = game.next(answer(channel, turn.value));
  return turn.value;
}

function answer(channel: ChannelFixture, asked: Ask): Answer {
  switch (asked.ask) {
    case "change":
      return answerOf(channel.decide(asked.who, asked.command));
    case "fill":
      for (let sent = 0; sent < asked.count; sent++) channel.decide(asked.who, asked.command);
      return undefined;
    case "history": {
      const page = channel.history(asked.query);
      return { messages: messagesOf(page), ...page.meta };
    }
    case "listen": {
      const { caller, query } = asked;
      const settled = settleListen(channel.state, caller, query, channel.now);
      channel.save();
      const listened = settled.ok ? listen(channel.state, channel.log, settled.value, { now: channel.now }) : settled;
      return listened.ok ? listened.value : listened.refusal.code;
    }
    case "clock":
      channel.now = asked.now;
      return undefined;
    case "rows":
      return [...channel.stored.values()].map(({ kind, kicked_until = 0, ...row }) => ({ ...row, kind, kicked_until }));
    default:
      channel[asked.ask]();
      return undefined;
  }
}

function answerOf(outcome: Outcome): string {
  if (outcome.type === "refused") return outcome.refusal.code;
  if (outcome.type !== "sent") return `done ${outcome.seq}`;
  const left = outcome.guard === undefined ? "" : ` ${outcome.guard.left} left`;
  return `sent ${messageIn(outcome).seq}${outcome.duplicate ? " again" : left}`;
}
