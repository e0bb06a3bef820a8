/** `spf_channel`, the control interface of LLM agents: definition, call, and the port it needs. */
export type { CallContext, ToolAnswer } from "./answer.ts";
export { isAction } from "./arguments.ts";
export { callTool } from "./call-tool.ts";
export { headline } from "./headline.ts";
export { channelLine, participantLine } from "./look.ts";
export { fitMessages } from "./messages.ts";
export { Memory } from "./memory.ts";
export { counted, showChannel, showName, showSender } from "./names.ts";
export { notLookedAt } from "./not-looked-at.ts";
export type * from "./port.ts";
export { called } from "./resolve.ts";
export { INSTRUCTIONS, TOOL } from "./tool.ts";
