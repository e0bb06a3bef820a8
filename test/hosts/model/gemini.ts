/** Gemini: `POST /v1beta/models/MODEL:streamGenerateContent`, spoken by Gemini CLI. */
import type { Json } from "../../support/frame-socket.ts";
import { type Codec, type Conversation, events, type Item, type Offered, type Reply } from "./conversation.ts";

export const gemini: Codec = {
  takes: (path) => /:(stream)?[gG]enerateContent$/.test(path),
  isStream: (path) => path.endsWith(":streamGenerateContent"),
  read: (body): Conversation => ({
    tools: (body.tools ?? []).flatMap((tool: Json) => (tool.functionDeclarations ?? []).map(offered)),
    items: body.contents.flatMap(itemsOf),
    // After 30 calls in a turn it asks its model whether it goes round in circles.
    form: body.generationConfig?.responseJsonSchema,
  }),
  write: (reply, isStream) => {
    const answer = {
      candidates: [{ content: { role: "model", parts: [partOf(reply)] }, finishReason: "STOP", index: 0 }],
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 10, totalTokenCount: 20 },
    };
    return isStream ? events([answer], false) : JSON.stringify(answer);
  },
};

function offered({ name, description = "", parametersJsonSchema, parameters }: Json): Offered {
  return { name, description, schema: parametersJsonSchema ?? parameters };
}

function itemsOf({ role, parts }: Json): Item[] {
  return parts.flatMap(({ text, functionCall, functionResponse }: Json): Item[] => {
    if (functionCall)
      return [{ kind: "called", id: functionCall.id, name: functionCall.name, args: functionCall.args }];
    if (functionResponse)
      return [{ kind: "answered", id: functionResponse.id, text: outputOf(functionResponse.response) }];
    return text === undefined ? [] : [{ kind: role === "model" ? "replied" : "said", text }];
  });
}

function outputOf({ output, error, ...others }: Json): string {
  const said = output ?? error;
  return typeof said === "string" ? said : JSON.stringify(said ?? others);
}

function partOf(reply: Reply): Json {
  if ("text" in reply) return { text: reply.text };
  const { id, tool, args } = reply.call;
  return { functionCall: { id, name: tool.name, args }, thoughtSignature: "c2NyaXB0ZWQ=" };
}
