/** Gemini CLI. https://geminicli.com/docs/tools/mcp-server: `~/.gemini/settings.json`, the user's. */
import { join } from "node:path";
import {
  CALL_S,
  environmentOf,
  type Host,
  type Json,
  KEY_VARIABLE,
  type Launch,
  type Place,
  SERVER,
  shellLine,
} from "./host.ts";

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
  edits: (place, entry) => {
    const { env, folder } = place;
    const settings = settingsFolder(place);
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
  wake: (place, launch) => [
    {
      file: join(settingsFolder(place), "settings.json"),
      format: "jsonc",
      put: [{ at: ["hooks", "AfterAgent"], item: { hooks: [wakeHook(launch)] } }],
    },
  ],
  check: { args: ["mcp", "list"], isGood: (output) => /\bhub\b.*\bConnected\b/.test(output) },
};

function settingsFolder({ env, home }: Place): string {
  return join(env["GEMINI_CLI_HOME"] || home, ".gemini");
}

/** Milliseconds, of 31 bits. */
const WAIT_MS = 2_000_000_000;

/**
 * A hook after each turn that answers with the next one's words. Gemini waits for it and takes what is
 * typed meanwhile once Esc has ended it. https://geminicli.com/docs/hooks/reference
 */
function wakeHook(launch: Launch): Json {
  const command = shellLine([...launch, "wait", "--host", "gemini", "--hook", "gemini", "--attended"]);
  return { type: "command", name: "channel-hub", command, timeout: WAIT_MS };
}

/** Milliseconds; `trust`: its tools are called without asking. */
const COMMON = { timeout: CALL_S * 1000, trust: true };

function reference(name: string): string {
  return `$${name}`;
}
