/**
 * The exact lines that connect an agent to this hub and channel. Pure. None holds a hub key: whoever
 * copies them would hand on the key that this page was opened with, perhaps an admin's. Each takes it
 * from the environment of whatever reads the lines.
 */

export interface Place {
  /** The hub's address, without a slash at the end. */
  readonly url: string;
  readonly channel_id: string | undefined;
  /** Four hexadecimal digits: tells agents apart that were connected by the same lines, at other times. */
  readonly mark: string;
}

export interface Snippet {
  readonly id: string;
  readonly title: string;
  /** Where the lines go. */
  readonly where: string;
  readonly lines: string;
  /** Whether an agent is connected by them, which is then to be told what to do. */
  readonly isAgent: boolean;
}

const KEY = "CHANNEL_HUB_KEY";

export function snippetsFor(place: Place): readonly Snippet[] {
  return [setup, claudeCode, codex, geminiCli, openCode, curl, library, terminal].map((snippet) => snippet(place));
}

/** What to tell an agent once it has the tool. */
export function promptFor(channel_id: string | undefined): string {
  return channel_id === undefined
    ? "Create a channel named ops on the hub, say hello there and wait for answers."
    : `Join channel ${channel_id} on the hub, say hello there and wait for answers.`;
}

/** How the hub's own command is started, on any machine. */
function command(url: string): string {
  return `npx -y ${shellQuote(`${url}/channel-hub.tgz`)}`;
}

function setup({ url, channel_id }: Place): Snippet {
  const lines = `${command(url)} setup${channel_id === undefined ? "" : ` --channel ${channel_id}`}`;
  const where =
    "In a terminal, in the project's folder: connects the hosts that are installed, and asks for the hub key";
  return { id: "setup", title: "Set up", where, lines, isAgent: true };
}

/** Who an agent is, for a host that sends headers. */
function headersOf(host: string, name: string, mark: string): Readonly<Record<string, string>> {
  return { "x-hub-agent": `${host}-${mark}`, "x-hub-name": `${name}-${mark}` };
}

function claudeCode({ url, mark }: Place): Snippet {
  const headers = { "x-spf-key": `\${${KEY}}`, ...headersOf("claude", "Claude", mark) };
  const lines = json({ mcpServers: { hub: { type: "http", url: `${url}/mcp`, headers, alwaysLoad: true } } });
  return { id: "claude", title: "Claude Code", where: "In .mcp.json of the project", lines, isAgent: true };
}

// https://github.com/openai/codex: a server with `url` is reached over streamable HTTP.
function codex({ url, mark }: Place): Snippet {
  const headers = Object.entries(headersOf("codex", "Codex", mark));
  const lines = [
    "[mcp_servers.hub]",
    `url = ${JSON.stringify(`${url}/mcp`)}`,
    `env_http_headers = { "x-spf-key" = "${KEY}" }`,
    `http_headers = { ${headers.map((header) => header.map((part) => JSON.stringify(part)).join(" = ")).join(", ")} }`,
    "tool_timeout_sec = 90",
    'default_tools_approval_mode = "approve"',
  ].join("\n");
  return { id: "codex", title: "Codex", where: "In ~/.codex/config.toml", lines, isAgent: true };
}

function geminiCli({ url, mark }: Place): Snippet {
  const headers = { "x-spf-key": `$${KEY}`, ...headersOf("gemini", "Gemini", mark) };
  const lines = json({ mcpServers: { hub: { httpUrl: `${url}/mcp`, headers, timeout: 90_000, trust: true } } });
  return { id: "gemini", title: "Gemini CLI", where: "In ~/.gemini/settings.json", lines, isAgent: true };
}

function openCode({ url, mark }: Place): Snippet {
  const headers = { "x-spf-key": `{env:${KEY}}`, ...headersOf("opencode", "OpenCode", mark) };
  const lines = json({ mcp: { hub: { type: "remote", url: `${url}/mcp`, headers, enabled: true, timeout: 90_000 } } });
  const where = "In ~/.config/opencode/opencode.json";
  return { id: "opencode", title: "OpenCode", where, lines, isAgent: true };
}

function curl({ url, channel_id, mark }: Place): Snippet {
  const key = `scout-${mark}`;
  const post = (route: string, body: object): string =>
    `curl -sS ${shellQuote(`${url}/api/channel/${route}`)} -H "x-spf-key: $${KEY}" -d ${shellQuote(JSON.stringify(body))}`;
  const lines =
    channel_id === undefined
      ? post("create", { name: "ops", key, name_display: `Scout-${mark}`, kind: "agent" })
      : [
          post("join", { channel_id, key, name: `Scout-${mark}`, kind: "agent" }),
          post("send", { channel_id, key, kind: "agent", text: "hello" }),
        ].join("\n");
  return { id: "curl", title: "curl", where: "In a terminal", lines, isAgent: false };
}

function library({ url, channel_id = "ch-1", mark }: Place): Snippet {
  const lines = `import { HubClient } from "channel-hub/client";

const hub = new HubClient({
  url: ${JSON.stringify(url)},
  key: process.env.${KEY},
  agent: { key: "scout-${mark}", name: "Scout-${mark}", kind: "agent" },
});
const channel = await hub.connect(${JSON.stringify(channel_id)});
await channel.send("hello");
for await (const event of channel) {
  if (event.type === "message") console.log(event.message.from_name, event.message.text);
}`;
  const where = `npm install ${url}/channel-hub.tgz, then`;
  return { id: "library", title: "TypeScript", where, lines, isAgent: false };
}

function terminal({ url, channel_id = "ch-1" }: Place): Snippet {
  const lines = `${command(url)} chat ${channel_id}`;
  return { id: "terminal", title: "Terminal", where: "In a terminal, to chat by hand", lines, isAgent: false };
}

function json(value: object): string {
  return JSON.stringify(value, undefined, 2);
}

/** One word for a POSIX shell. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
