/** The log's line of a tool call: written when the call ends, which on a stream is after its request's. */
import { channelNumber } from "../../../protocol/index.ts";
import { isAction, type ToolAnswer } from "../../../tool/index.ts";
import type { HubContext } from "../context.ts";
import { logEvent } from "../../between/log.ts";

/** `args` are as the model sent them; of them only an action that there is and a channel's id are logged. */
export function logToolCall(c: HubContext, args: unknown, { code }: ToolAnswer, ms: number): void {
  const { action, channel } = typeof args === "object" && args !== null ? (args as Record<string, unknown>) : {};
  logEvent("tool", {
    request_id: c.var.request_id,
    ...(isAction(action) && { action }),
    code,
    kid: c.var.admission.key.kid,
    agent: c.get("agent"),
    channel: typeof channel === "string" && channelNumber(channel) !== undefined ? channel : undefined,
    ms,
  });
}
