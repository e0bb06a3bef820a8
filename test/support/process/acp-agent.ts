/**
 * An agent that speaks ACP, as a process of its own, whose model does what it is told: of each
 * question it looks at the last line that has one of these words.
 *
 *     say WORDS        answers with the words
 *     do KIND          asks for permission to do something of that kind, then answers with the outcome
 *     work MS          answers after that long
 *     die              ends without a word
 *     hush             says nothing
 */
import { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { agent, ndJsonStream, PROTOCOL_VERSION, type AgentContext, type ToolKind } from "@agentclientprotocol/sdk";

let sessions = 0;
let turns = 0;

const said = agent({ name: "scripted" })
  .onRequest("initialize", () => ({ protocolVersion: PROTOCOL_VERSION, agentCapabilities: {} }))
  .onRequest("session/new", () => ({ sessionId: `session-${++sessions}` }))
  .onRequest("session/prompt", async ({ params: { sessionId, prompt }, client }) => {
    turns++;
    const text = prompt.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
    const answer = await answerTo(text, client, sessionId);
    const content = { type: "text", text: answer } as const;
    if (answer !== "")
      await client.notify("session/update", { sessionId, update: { sessionUpdate: "agent_message_chunk", content } });
    return { stopReason: "end_turn" };
  })
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>));

async function answerTo(text: string, client: AgentContext, sessionId: string): Promise<string> {
  const [, word, rest = ""] = [...text.matchAll(/: (?:@\S+ )?(say|do|work|die|hush)\b ?(.*)$/gm)].at(-1) ?? [];
  if (word === "die") process.exit(7);
  if (word === "hush") return "NOTHING";
  if (word === "work") await sleep(Number(rest));
  if (word !== "do") return word === "say" ? rest : `turn ${turns} of process ${process.pid}`;
  const { outcome } = await client.request("session/request_permission", {
    sessionId,
    toolCall: { toolCallId: "1", title: `to ${rest}`, kind: rest as ToolKind },
    options: [
      { optionId: "yes", name: "Yes", kind: "allow_once" },
      { optionId: "no", name: "No", kind: "reject_once" },
    ],
  });
  return outcome.outcome === "selected" ? outcome.optionId : outcome.outcome;
}

await said.closed;
