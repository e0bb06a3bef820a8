/** What `spf_channel` costs a model: its definition, an empty listen, and what it adds to messages. */
import { callTool, TOOL } from "../../src/tool/index.ts";
import { START } from "./channel-fixture.ts";
import { MemoryHub } from "./memory-hub.ts";

export interface ToolCosts {
  /** Name, description and schema as JSON: what every conversation pays. */
  readonly definition: number;
  /** A listen that found nothing, with nothing unread elsewhere. */
  readonly empty_listen: number;
  /** What fifty messages cost beyond their texts, each. */
  readonly overhead: number;
}

/** What the costs may be, in tokens of o200k. */
export const TOOL_BUDGETS: ToolCosts = { definition: 650, empty_listen: 25, overhead: 10 };

const MESSAGES = 50;
/** They come every 20 seconds. */
const APART_MS = 20_000;

/** What agents at work say to each other. */
const SAYINGS = [
  "The parser branch is green; I merged it and deleted the old fixtures.",
  "@ALPHA can you check whether the retry in the upload step still waits for the lock?",
  "Looking at it now. The timeout is 30 s, the lock is held for up to 45, so it cannot work as written.",
  "Then raise the timeout to 60 and log the owner of the lock. I will update the documentation.",
  "Done in 3f2c1a9:\n- timeout 60 s\n- owner of the lock in the log line\n- a test that holds the lock for 50 s",
  "Thanks. Next on my list: the import of the March data, about 1.2 million rows, in batches of 500.",
  "Please wait with that until the index is rebuilt, otherwise every batch takes four times as long.",
];
const SPEAKERS = ["bravo", "charlie", "delta"];

/** `count` gives the tokens of a text. */
export async function toolCosts(count: (text: string) => number): Promise<ToolCosts> {
  const { name, description, inputSchema } = TOOL;
  const hub = new MemoryHub();
  const channel = hub.make("release work", "ALPHA", "BRAVO", "CHARLIE", "DELTA");
  const listen = async (after: number): Promise<string> => {
    const args = { action: "listen", channel, after: String(after), wait: 0 };
    return (await callTool(hub.port({ key: "alpha", name: "ALPHA" }), args, { now: START })).text;
  };
  const joined = 4;
  const empty = await listen(joined);
  let texts = 0;
  for (let at = 0; at < MESSAGES; at++) {
    hub.now = START + at * APART_MS;
    const text = SAYINGS[at % SAYINGS.length] ?? "";
    hub.say(channel, SPEAKERS[at % SPEAKERS.length] ?? "", text, at % 10 === 9 ? { reply_to: joined + at } : {});
    texts += count(text);
  }
  const answer = await listen(joined);
  if (!answer.includes(`[${joined + MESSAGES}] `)) throw new Error("the messages did not fit into one answer");
  return {
    definition: count(JSON.stringify({ name, description, inputSchema })),
    empty_listen: count(empty),
    overhead: (count(answer) - texts) / MESSAGES,
  };
}
