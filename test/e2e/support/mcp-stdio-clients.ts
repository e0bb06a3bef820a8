/** The official MCP clients of both protocol eras, each with a `channel-hub mcp` of its own. */
import { StdioClientTransport as ModernTransport } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as FormerTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { COMMAND, type Shell } from "../../support/process/command.ts";
import { type Connected, formerOver, modernOver } from "./mcp-clients.ts";

export interface Served extends Connected {
  /** What the server wrote to stderr. */
  log(): string;
  /** Ends it as a host does, by closing its stdin. */
  close(): Promise<void>;
}

export type ConnectStdio = (shell: Shell) => Promise<Served>;

function startOf({ env }: Shell): ConstructorParameters<typeof ModernTransport>[0] {
  const [command, ...script] = COMMAND;
  return { command, args: [...script, "mcp"], env: { ...env }, stderr: "pipe" };
}

function logOf(transport: ModernTransport | FormerTransport): () => string {
  let log = "";
  transport.stderr?.on("data", (part: Buffer) => (log += part.toString()));
  return () => log;
}

function modern(mode: Parameters<typeof modernOver>[0]): ConnectStdio {
  return async (shell) => {
    const transport = new ModernTransport(startOf(shell));
    const log = logOf(transport);
    return { ...(await modernOver(mode, transport)), log, close: () => transport.close() };
  };
}

async function former(shell: Shell): Promise<Served> {
  const transport = new FormerTransport(startOf(shell));
  const log = logOf(transport);
  // This client does not tell what was agreed on; it speaks no other.
  const connected = await formerOver(transport, () => "2025-11-25");
  return { ...connected, log, close: () => transport.close() };
}

export const STDIO_CLIENTS: readonly (readonly [who: string, version: string, connect: ConnectStdio])[] = [
  ["the client of today as a legacy client", "2025-11-25", modern("legacy")],
  ["the client of today by itself", "2026-07-28", modern("auto")],
  ["the client of today pinned to 2026-07-28", "2026-07-28", modern({ pin: "2026-07-28" })],
  ["the client of the previous SDK", "2025-11-25", former],
];
