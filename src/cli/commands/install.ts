/**
 * `install HOST`: what to put into that host's settings so that its agent has `spf_channel`, beside
 * the agent (stdio) and remote (HTTP). Secrets are never printed: each host reads them from its
 * environment, in its own way of writing so. Formats as of November 2026.
 */
import { realpathSync } from "node:fs";
import { sep } from "node:path";
import { EXIT, Failed } from "../exit.ts";
import type { Session } from "../session.ts";

export const HOSTS = ["claude", "codex", "gemini", "cursor", "opencode"] as const;
export type HostName = (typeof HOSTS)[number];

/** What every host is told, in its own words. */
interface Server {
  readonly url: string;
  /** The command and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Of the local server; the hub key is not among them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of the remote one; the hub key is not among them. */
  readonly headers: Readonly<Record<string, string>>;
}

interface HostFormat {
  /** Where the settings go. */
  readonly file: string;
  readonly local: (server: Server) => string;
  readonly remote: (server: Server) => string;
}

const KEY = "CHANNEL_HUB_KEY";
/** Seconds for a call: a listen waits up to 55. */
const CALL_S = 90;

const FORMATS: Readonly<Record<HostName, HostFormat>> = {
  claude: {
    file: ".mcp.json in the project, or the top of ~/.claude.json",
    local: ({ command: [command, ...args], environment }) =>
      servers({ type: "stdio", command, args, env: { ...environment, [KEY]: `\${${KEY}}` } }),
    remote: ({ url, headers }) => servers({ type: "http", url, headers: { "x-spf-key": `\${${KEY}}`, ...headers } }),
  },
  codex: {
    file: "~/.codex/config.toml",
    local: ({ command: [command, ...args], environment }) =>
      toml({ command, args, env: environment, env_vars: [KEY], tool_timeout_sec: CALL_S }),
    remote: ({ url, headers }) =>
      toml({ url, env_http_headers: { "x-spf-key": KEY }, http_headers: headers, tool_timeout_sec: CALL_S }),
  },
  gemini: {
    file: "~/.gemini/settings.json, or .gemini/settings.json in the project",
    local: ({ command: [command, ...args], environment }) =>
      servers({ command, args, env: { ...environment, [KEY]: `$${KEY}` } }),
    remote: ({ url, headers }) => servers({ httpUrl: url, headers: { "x-spf-key": `$${KEY}`, ...headers } }),
  },
  cursor: {
    file: "~/.cursor/mcp.json, or .cursor/mcp.json in the project",
    local: ({ command: [command, ...args], environment }) =>
      servers({ command, args, env: { ...environment, [KEY]: `\${env:${KEY}}` } }),
    remote: ({ url, headers }) => servers({ url, headers: { "x-spf-key": `\${env:${KEY}}`, ...headers } }),
  },
  opencode: {
    file: "opencode.json in the project, or ~/.config/opencode/opencode.json",
    local: ({ command, environment }) =>
      openCode({ type: "local", command, environment: { ...environment, [KEY]: `{env:${KEY}}` } }),
    remote: ({ url, headers }) =>
      openCode({ type: "remote", url, headers: { "x-spf-key": `{env:${KEY}}`, ...headers } }),
  },
};

export interface InstallFlags {
  readonly remote: boolean;
  readonly local: boolean;
}

/** Without a choice, both forms, each under a line that says which; with one, nothing but that. */
export async function install(session: Session, host: string, { remote, local }: InstallFlags): Promise<void> {
  const format = FORMATS[host as HostName] as HostFormat | undefined;
  if (format === undefined || !Object.hasOwn(FORMATS, host)) {
    throw new Failed(EXIT.usage, `no host is called ${host}`, `known are ${HOSTS.join(", ")}`);
  }
  const server = serverOf(session);
  const isOne = remote !== local;
  const { out, note } = session.terminal;
  note(`into ${format.file}:`);
  if (!remote || !isOne)
    await out(`${isOne ? "" : "# beside the agent (stdio, a live connection)\n"}${format.local(server)}\n`);
  if (!isOne) await out("\n");
  if (!local || !isOne) await out(`${isOne ? "" : "# remote (HTTP, nothing to install)\n"}${format.remote(server)}\n`);
  note(`start ${host} with the hub key in its environment: export ${KEY}=...`);
}

function serverOf({ hub, agent }: Session): Server {
  const { key, name } = agent;
  return {
    url: `${hub.api.url}/mcp`,
    command: ownCommand(realpathSync(process.argv[1] ?? "")),
    environment: {
      CHANNEL_HUB_URL: hub.api.url,
      CHANNEL_HUB_AGENT: key,
      ...(name !== undefined && { CHANNEL_HUB_NAME: name }),
    },
    // Header values are ASCII; the hub takes a name percent-encoded.
    headers: { "x-hub-agent": key, ...(name !== undefined && { "x-hub-name": encodeURIComponent(name) }) },
  };
}

/** How a host starts this very command, on this very Node; what is in npx's store may be gone tomorrow. */
export function ownCommand(script: string): readonly [string, ...string[]] {
  if (script.includes(`${sep}_npx${sep}`)) return ["npx", "-y", "channel-hub", "mcp"];
  return [process.execPath, script, "mcp"];
}

function servers(server: object): string {
  return JSON.stringify({ mcpServers: { hub: server } }, undefined, 2);
}

function openCode(server: object): string {
  const mcp = { hub: { ...server, enabled: true, timeout: CALL_S * 1000 } };
  return JSON.stringify({ $schema: "https://opencode.ai/config.json", mcp }, undefined, 2);
}

/** TOML writes these values as JSON does, tables in one line aside. */
function toml(server: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(server).map(([name, value]) => `${name} = ${tomlValue(value)}`);
  return ["[mcp_servers.hub]", ...lines].join("\n");
}

function tomlValue(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)} = ${JSON.stringify(one)}`);
  return `{ ${pairs.join(", ")} }`;
}
