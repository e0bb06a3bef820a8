/** Codex. https://github.com/openai/codex, docs/config.md: `$CODEX_HOME/config.toml`, the user's. */
import { join } from "node:path";
import { CALL_S, folderOf, type Host, KEY_VARIABLE, SERVER, TOOL } from "./host.ts";

export const codex: Host = {
  id: "codex",
  title: "Codex",
  program: "codex",
  local: ({ command: [command, ...args], environment, inherited }) => ({
    command,
    args,
    env: environment,
    ...(inherited.length > 0 && { env_vars: inherited }),
    ...AWAITED,
    tool_timeout_sec: CALL_S,
    ...APPROVED,
  }),
  remote: ({ url, headers }) => ({
    url,
    env_http_headers: { "x-spf-key": KEY_VARIABLE },
    http_headers: headers,
    tool_timeout_sec: CALL_S,
    ...APPROVED,
  }),
  printed: { where: "~/.codex/config.toml", format: "toml", at: ["mcp_servers", SERVER] },
  edits: (place, entry) => [
    {
      file: join(folderOf(place, "CODEX_HOME", ".codex"), "config.toml"),
      format: "toml",
      put: [{ at: ["mcp_servers", SERVER], value: entry }],
    },
  ],
  // The server wakes it, by Codex's own command, which must find the same home.
  wake: ({ env }) => {
    const home = env["CODEX_HOME"];
    if (!home) return [];
    const put = [{ at: ["mcp_servers", SERVER, "env", "CODEX_HOME"], value: home }];
    return [{ file: join(home, "config.toml"), format: "toml", put }];
  },
  approvals: `default_tools_approval_mode = "approve" under [mcp_servers.${SERVER}] allows ${TOOL} for good`,
  check: { args: ["mcp", "list"], isGood: (output) => /^hub\b.*\benabled\b/m.test(output) },
};

/**
 * Codex does not wait for its servers: a first turn that comes before ours is up has no tool, and
 * `codex exec` has no other. The server starts with the hub away too, so waiting for it blocks nothing.
 */
const AWAITED = { required: true, startup_timeout_sec: 60 };

/** Without it the TUI asks, and `codex exec` refuses, where the server's tool is not known to be harmless. */
const APPROVED = { default_tools_approval_mode: "approve" };
