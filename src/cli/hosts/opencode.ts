/** OpenCode. https://opencode.ai/docs/config: `~/.config/opencode/opencode.json`, the user's. */
import { join } from "node:path";
import { openCodePlugin } from "./opencode-plugin.ts";
import { CALL_S, configHome, environmentOf, firstFile, type Host, KEY_VARIABLE, SERVER } from "./host.ts";

export const opencode: Host = {
  id: "opencode",
  title: "OpenCode",
  program: "opencode",
  local: (server) => {
    const environment = environmentOf(server, reference);
    return { type: "local", command: server.command, environment, ...COMMON };
  },
  remote: ({ url, headers }) => ({
    type: "remote",
    url,
    headers: { "x-spf-key": reference(KEY_VARIABLE), ...headers },
    ...COMMON,
  }),
  printed: { where: "~/.config/opencode/opencode.json", format: "jsonc", at: ["mcp", SERVER] },
  edits: (place, entry) => [
    {
      file: firstFile(join(configHome(place), "opencode"), ["opencode.json", "opencode.jsonc"]),
      format: "jsonc",
      put: [{ at: ["mcp", SERVER], value: entry }],
    },
  ],
  wake: (place, launch) => [
    {
      file: join(configHome(place), "opencode/plugin/channel-hub.js"),
      format: "own",
      text: openCodePlugin([...launch, "wait", "--host", "opencode", "--hook", "opencode"]),
    },
  ],
  approvals: "none: OpenCode calls the tool without asking",
  check: { args: ["mcp", "list"], isGood: (output) => /\bhub\b.*\bconnected\b/.test(output) },
};

/** Milliseconds. */
const COMMON = { enabled: true, timeout: CALL_S * 1000 };

function reference(name: string): string {
  return `{env:${name}}`;
}
