/**
 * Claude Code. `setup` writes the server where `claude mcp add` does (scope *local*: this folder and
 * user alone, nothing to commit, no question at start), and allows the tool in the folder's private
 * settings. https://code.claude.com/docs/en/mcp, https://code.claude.com/docs/en/settings
 */
import { join } from "node:path";
import {
  type Edit,
  environmentOf,
  type Host,
  type Json,
  KEY_VARIABLE,
  type Launch,
  type Place,
  SERVER,
  shellLine,
  TOOL,
} from "./host.ts";

export const claude: Host = {
  id: "claude",
  title: "Claude Code",
  program: "claude",
  local: (server) => {
    const [command, ...args] = server.command;
    return { type: "stdio", command, args, env: environmentOf(server, reference), ...COMMON };
  },
  remote: ({ url, headers }) => ({
    type: "http",
    url,
    headers: { "x-spf-key": reference(KEY_VARIABLE), ...headers },
    ...COMMON,
  }),
  printed: { where: ".mcp.json in the project", format: "jsonc", at: ["mcpServers", SERVER] },
  edits: (place, entry) => [serverEdit(place, entry), allowEdit(place)],
  approvals: `permissions.allow ["mcp__${SERVER}__${TOOL}"] in .claude/settings.local.json allows the tool for good`,
  wake: ({ folder }, launch) => [
    {
      file: join(folder, SETTINGS),
      format: "jsonc",
      put: EVENTS.map((event) => ({ at: ["hooks", event], item: { hooks: [wakeHook(launch)] } })),
    },
  ],
  check: { args: ["mcp", "list"], isGood: (output) => /^hub:.*✔|^hub:.*connected/im.test(output) },
};

/** Where tools are many, Claude hides them behind a search; an agent that does not see this one never listens. */
const COMMON = { alwaysLoad: true };

function reference(name: string): string {
  return `\${${name}}`;
}

const SETTINGS = ".claude/settings.local.json";
/** It waits from the start and after each turn; while one waits, another ends at once. */
const EVENTS = ["SessionStart", "Stop"] as const;
/** Seconds; as milliseconds they must fit 31 bits. */
const WAIT_S = 2_000_000;

/** A hook in the background whose end with 2 begins a turn. https://code.claude.com/docs/en/hooks */
function wakeHook(launch: Launch): Json {
  const command = shellLine([...launch, "wait", "--host", "claude", "--hook", "claude", "--attended"]);
  return { type: "command", command, asyncRewake: true, timeout: WAIT_S };
}

function serverEdit(place: Place, entry: Json): Edit {
  const put = [{ at: ["projects", place.project, "mcpServers", SERVER], value: entry }];
  return { file: stateFile(place), format: "jsonc", put };
}

function allowEdit({ folder }: Place): Edit {
  const file = join(folder, SETTINGS);
  return { file, format: "jsonc", put: [{ at: ["permissions", "allow"], item: `mcp__${SERVER}__${TOOL}` }] };
}

/** `~/.claude.json`; inside the folder that `CLAUDE_CONFIG_DIR` names, where it is set. */
function stateFile({ env, home }: Place): string {
  return join(env["CLAUDE_CONFIG_DIR"] || home, ".claude.json");
}
