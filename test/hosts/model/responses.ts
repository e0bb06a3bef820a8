/** OpenAI Responses: `POST /responses`, spoken by Codex. */
import type { Json } from "../../support/frame-socket.ts";
import { type Codec, type Conversation, events, type Item, type Offered, type Reply, textOf } from "./conversation.ts";

export const responses: Codec = {
  takes: (path) => path.endsWith("/responses"),
  isStream: () => true,
  read: (body): Conversation => ({
    tools: (body.tools ?? []).flatMap((tool: Json) => offeredBy(tool)),
    items: body.input.flatMap(itemsOf),
  }),
  write: (reply) => events(streamed(reply), true),
};

function offeredBy(tool: Json, namespace?: string): Offered[] {
  if (tool.type === "namespace") return tool.tools.flatMap((inner: Json) => offeredBy(inner, tool.name));
  if (tool.type !== "function") return [];
  const { name, description = "", parameters: schema } = tool;
  return [{ name, description, schema, ...(namespace !== undefined && { namespace }) }];
}

function itemsOf({ type, role, content, call_id: id, name, arguments: args, output }: Json): Item[] {
  if (type === "message" && role !== "developer")
    return [{ kind: role === "assistant" ? "replied" : "said", text: textOf(content) }];
  if (type === "function_call") return [{ kind: "called", id, name, args: JSON.parse(args) }];
  return type === "function_call_output" ? [{ kind: "answered", id, text: textOf(output) }] : [];
}

const USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 10,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 20,
};

function streamed(reply: Reply): Json[] {
  const id = `resp_${Date.now()}`;
  const item = itemOf(reply);
  return [
    { type: "response.created", response: { id } },
    { type: "response.output_item.added", output_index: 0, item },
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: { id, usage: USAGE, output: [item] } },
  ];
}

function itemOf(reply: Reply): Json {
  if ("text" in reply) {
    const content = [{ type: "output_text", text: reply.text, annotations: [] }];
    return { type: "message", role: "assistant", id: `msg_${Date.now()}`, content };
  }
  const { id, tool, args } = reply.call;
  const { name, namespace } = tool;
  const call = { type: "function_call", id: `fc_${id}`, call_id: id, name, arguments: JSON.stringify(args) };
  return namespace === undefined ? call : { ...call, namespace };
}
