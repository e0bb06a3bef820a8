/** `spf_channel`, the control interface of LLM agents: definition, call, and the port it needs. */
export type { CallContext, ToolAnswer } from "./answer.ts";
export { callTool } from "./call-tool.ts";
export type * from "./port.ts";
export { TOOL } from "./tool.ts";
