/** Gemini CLI. https://geminicli.com/docs/tools/mcp-server: `~/.gemini/settings.json`, the user's. */
import { join } from "node:path";
import { CALL_S, environmentOf, type Host, KEY_VARIABLE, SERVER } from "./host.ts";

export const gemini: Host = {
  id: "gemini",
  title: "Gemini CLI",
  program: "gemini",
  local: (server) => {
    const [command, ...args] = server.command;
    return { command, args, env: environmentOf(server, reference), ...COMMON };
  },
  remote: ({ url, headers }) => ({
    httpUrl: url,
    headers: { "x-spf-key": reference(KEY_VARIABLE), ...headers },
    ...COMMON,
  }),
  printed: { where: "~/.gemini/settings.json", format: "jsonc", at: ["mcpServers", SERVER] },
  edits: ({ env, home, folder }, entry) => {
    const settings = join(env["GEMINI_CLI_HOME"] || home, ".gemini");
    return [
      { file: join(settings, "settings.json"), format: "jsonc", put: [{ at: ["mcpServers", SERVER], value: entry }] },
      // In a folder that is not trusted it starts no server, not even the user's own.
      {
        file: env["GEMINI_CLI_TRUSTED_FOLDERS_PATH"] || join(settings, "trustedFolders.json"),
        format: "jsonc",
        put: [{ at: [folder], value: "TRUST_FOLDER", unless: "there" }],
      },
    ];
  },
  approvals: `"trust": true in the server's entry allows the tool for good, where Gemini trusts the folder (~/.gemini/trustedFolders.json)`,
  check: { args: ["mcp", "list"], isGood: (output) => /\bhub\b.*\bConnected\b/.test(output) },
};

/** Milliseconds; `trust`: its tools are called without asking. */
const COMMON = { timeout: CALL_S * 1000, trust: true };

function reference(name: string): string {
  return `$${name}`;
}
