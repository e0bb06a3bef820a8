/** Chat completions: `POST /chat/completions`, spoken by OpenCode. */
import type { Json } from "../../support/frame-socket.ts";
import { type Codec, type Conversation, events, type Item, type Reply, textOf } from "./conversation.ts";

export const chat: Codec = {
  takes: (path) => path.endsWith("/chat/completions"),
  isStream: (_path, body) => body.stream === true,
  read: (body): Conversation => ({
    tools: (body.tools ?? []).map(({ function: { name, description = "", parameters } }: Json) => ({
      name,
      description,
      schema: parameters,
    })),
    items: body.messages.flatMap(itemsOf),
  }),
  write: (reply, isStream) => {
    const finish_reason = "call" in reply ? "tool_calls" : "stop";
    if (!isStream) {
      const choices = [{ index: 0, message: { role: "assistant", ...wordsOf(reply) }, finish_reason }];
      return JSON.stringify({ ...HEAD, object: "chat.completion", choices, usage: USAGE });
    }
    const delta = { role: "assistant", ...wordsOf(reply) };
    const chunk = { ...HEAD, object: "chat.completion.chunk" };
    const first = { ...chunk, choices: [{ index: 0, delta, finish_reason: null }] };
    const last = { ...chunk, choices: [{ index: 0, delta: {}, finish_reason }], usage: USAGE };
    return `${events([first, last], false)}data: [DONE]\n\n`;
  },
};

const HEAD = { id: "chatcmpl-scripted", created: 0, model: "scripted" };
const USAGE = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };

function itemsOf({ role, content, tool_calls = [], tool_call_id: id }: Json): Item[] {
  if (role === "tool") return [{ kind: "answered", id, text: textOf(content) }];
  if (role === "user") return [{ kind: "said", text: textOf(content) }];
  if (role !== "assistant") return [];
  const text = textOf(content);
  const replied: Item[] = text === "" ? [] : [{ kind: "replied", text }];
  return [
    ...replied,
    ...tool_calls.map(({ id: of, function: { name, arguments: args } }: Json): Item => {
      return { kind: "called", id: of, name, args: JSON.parse(args) };
    }),
  ];
}

function wordsOf(reply: Reply): Json {
  if ("text" in reply) return { content: reply.text };
  const { id, tool, args } = reply.call;
  const call = { index: 0, id, type: "function", function: { name: tool.name, arguments: JSON.stringify(args) } };
  return { content: null, tool_calls: [call] };
}
