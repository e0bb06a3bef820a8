/** Anthropic Messages: `POST /v1/messages`, spoken by Claude Code. */
import type { Json } from "../../support/frame-socket.ts";
import { type Codec, type Conversation, events, type Item, type Reply, textOf } from "./conversation.ts";

export const anthropic: Codec = {
  takes: (path) => path.endsWith("/v1/messages"),
  isStream: (_path, body) => body.stream === true,
  read: (body): Conversation => ({
    tools: (body.tools ?? []).map(({ name, description = "", input_schema }: Json) => ({
      name,
      description,
      schema: input_schema,
    })),
    items: body.messages.flatMap(itemsOf),
  }),
  write: (reply, isStream) => (isStream ? streamed(reply) : JSON.stringify(whole(reply))),
};

/** A message's words come before its results: what a host adds to a result is no turn of the user's. */
function itemsOf({ role, content }: Json): Item[] {
  const blocks: Json[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const words = blocks.filter(({ type }) => type === "text").map(({ text }) => text as string);
  const said: Item[] =
    words.length === 0 ? [] : [{ kind: role === "assistant" ? "replied" : "said", text: words.join("\n") }];
  const rest = blocks.flatMap(({ type, id, name, input, tool_use_id, content: result }): Item[] => {
    if (type === "tool_use") return [{ kind: "called", id, name, args: input }];
    return type === "tool_result" ? [{ kind: "answered", id: tool_use_id, text: textOf(result) }] : [];
  });
  return [...said, ...rest];
}

const USAGE = { input_tokens: 10, output_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };

function whole(reply: Reply): Json {
  return {
    id: `msg_${Date.now()}`,
    type: "message",
    role: "assistant",
    model: "scripted",
    content: [blockOf(reply)],
    stop_reason: "call" in reply ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: USAGE,
  };
}

function blockOf(reply: Reply): Json {
  if ("text" in reply) return { type: "text", text: reply.text };
  const { id, tool, args } = reply.call;
  return { type: "tool_use", id, name: tool.name, input: args };
}

function streamed(reply: Reply): string {
  const message = whole(reply);
  const [block] = message.content;
  const isCall = block.type === "tool_use";
  const delta = isCall
    ? { type: "input_json_delta", partial_json: JSON.stringify(block.input) }
    : { type: "text_delta", text: block.text };
  return events(
    [
      { type: "message_start", message: { ...message, content: [], stop_reason: null } },
      {
        type: "content_block_start",
        index: 0,
        content_block: isCall ? { ...block, input: {} } : { ...block, text: "" },
      },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: message.stop_reason, stop_sequence: null }, usage: USAGE },
      { type: "message_stop" },
    ],
    true,
  );
}
