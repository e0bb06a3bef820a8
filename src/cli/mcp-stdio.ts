/**
 * `channel-hub mcp`: `spf_channel` over stdin and stdout, in both eras of MCP. The SDK's low-level
 * server, so that the tool's own parser answers wrong arguments. Nothing but the protocol is ever
 * written to stdout.
 */
import { finished } from "node:stream/promises";
import { ProtocolError, ProtocolErrorCode, Server, type ServerContext, type Tool } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { type CallContext, callTool, type HubPort, INSTRUCTIONS, type Memory, TOOL } from "../tool/index.ts";
import { hostTransport } from "./mcp-lines.ts";
import type { Input, Output } from "./terminal.ts";
import { VERSION } from "./version.ts";
import type { Watcher } from "./watcher.ts";

export interface McpOptions {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly log: (line: string) => void;
  /** What the agent was shown (HST2). */
  readonly memory: Memory;
  readonly watcher?: Watcher;
  /** Capabilities beyond the protocol's own. */
  readonly experimental?: Record<string, Record<string, string>> | undefined;
  /** Is told how to send the host a notification. */
  readonly notify?:
    | ((send: (method: string, params: Readonly<Record<string, unknown>>) => Promise<void>) => void)
    | undefined;
}

/** The tool as the SDK types it: what is constant in ours may change in theirs. */
const LISTED = JSON.parse(JSON.stringify(TOOL)) as Tool;

/** Serves until the host closes stdin. */
export async function serveMcp(port: HubPort, options: McpOptions): Promise<void> {
  const { stdin, stdout, log } = options;
  const server = serveStdio(() => serverOver(port, options), {
    transport: hostTransport(stdin, stdout),
    onerror: (error) => log(error.message),
  });
  // A host that dies closes stdin as well, or breaks it.
  await finished(stdin, { writable: false }).catch((error: unknown) => log(`stdin: ${String(error)}`));
  await server.close();
}

function serverOver(port: HubPort, { log, memory, watcher, experimental, notify }: McpOptions): Server {
  const server = new Server(
    { name: "channel-hub", version: VERSION },
    { capabilities: { tools: {}, ...(experimental && { experimental }) }, instructions: INSTRUCTIONS },
  );
  notify?.((method, params) => server.notification({ method, params }));
  server.setRequestHandler("tools/list", () => ({ tools: [LISTED] }));
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    if (params.name !== TOOL.name) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown tool: ${params.name}; this server has ${TOOL.name}`,
      );
    }
    watcher?.called(context.mcpReq["_meta"]);
    try {
      const { text, isError } = await callTool(port, params.arguments, {
        ...callContext(context, log),
        memory: () => memory,
        wakes: watcher?.wakes === true,
      });
      return { content: [{ type: "text", text }], isError };
    } catch (error) {
      log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return {
        content: [{ type: "text", text: "Error internal: a fault of channel-hub mcp; its log says more." }],
        isError: true,
      };
    } finally {
      watcher?.answered(params.arguments?.["action"]);
    }
  });
  return server;
}

function callContext({ mcpReq }: ServerContext, log: (line: string) => void): CallContext {
  const token = mcpReq["_meta"]?.progressToken;
  const progress = (waited: number, wait: number): void => {
    if (token === undefined) return;
    const params = { progressToken: token, progress: waited, total: wait, message: "waiting for messages" };
    mcpReq.notify({ method: "notifications/progress", params }).catch((error: unknown) => log(String(error)));
  };
  return { now: Date.now(), signal: mcpReq.signal, progress };
}
