/** Cursor. https://cursor.com/docs/context/mcp: `~/.cursor/mcp.json`, the user's. */
import { join } from "node:path";
import { environmentOf, type Host, KEY_VARIABLE, SERVER } from "./host.ts";

export const cursor: Host = {
  id: "cursor",
  title: "Cursor",
  program: "cursor",
  local: (server) => {
    const [command, ...args] = server.command;
    return { command, args, env: environmentOf(server, reference) };
  },
  remote: ({ url, headers }) => ({ url, headers: { "x-spf-key": reference(KEY_VARIABLE), ...headers } }),
  printed: { where: "~/.cursor/mcp.json", format: "jsonc", at: ["mcpServers", SERVER] },
  edits: ({ home }, entry) => [
    {
      file: join(home, ".cursor/mcp.json"),
      format: "jsonc",
      put: [{ at: ["mcpServers", SERVER], value: entry }],
    },
  ],
  approvals: "Cursor asks at each call, until you choose to run this tool always",
};

function reference(name: string): string {
  return `\${env:${name}}`;
}
