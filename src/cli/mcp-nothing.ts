/** An MCP server without a tool, which tells its host's model why: it costs a context next to nothing. */
import { finished } from "node:stream/promises";
import { Server } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { hostTransport } from "./mcp-lines.ts";
import type { Input, Output } from "./terminal.ts";
import { VERSION } from "./version.ts";

/** Serves until the host closes stdin. */
export async function serveNothing(why: string, stdin: Input, stdout: Output): Promise<void> {
  const server = serveStdio(() => serverThatSays(why), { transport: hostTransport(stdin, stdout) });
  // A host that dies may break stdin; then nobody is left to tell.
  await finished(stdin, { writable: false }).catch(() => undefined);
  await server.close();
}

function serverThatSays(instructions: string): Server {
  const server = new Server({ name: "channel-hub", version: VERSION }, { capabilities: { tools: {} }, instructions });
  server.setRequestHandler("tools/list", () => ({ tools: [] }));
  return server;
}
