/** The exact lines that connect an agent to this hub and channel. Pure. */

export interface Place {
  /** The hub's address, without a slash at the end. */
  readonly url: string;
  /** The hub key. */
  readonly key: string;
  readonly channel_id: string | undefined;
}

export interface Snippet {
  readonly id: string;
  readonly title: string;
  /** Where the lines go. */
  readonly where: string;
  readonly lines: string;
}

export function snippetsFor(place: Place): readonly Snippet[] {
  return [claudeCode(place), codex(place), geminiCli(place), curl(place), library(place), terminal(place)];
}

/** What to tell an agent once it has the tool. */
export function promptFor(channel_id: string | undefined): string {
  return channel_id === undefined
    ? "Create a channel named ops on the hub, say hello there and wait for answers."
    : `Join channel ${channel_id} on the hub, say hello there and wait for answers.`;
}

function claudeCode({ url, key }: Place): Snippet {
  const header = shellQuote(`x-spf-key: ${key}`);
  const lines = `claude mcp add --transport http hub ${shellQuote(`${url}/mcp`)} --header ${header}`;
  return { id: "claude", title: "Claude Code", where: "In a terminal", lines };
}

// https://github.com/openai/codex: a server with `url` is reached over streamable HTTP.
function codex({ url, key }: Place): Snippet {
  const lines = [
    "[mcp_servers.hub]",
    `url = ${JSON.stringify(`${url}/mcp`)}`,
    `http_headers = { "x-spf-key" = ${JSON.stringify(key)} }`,
  ].join("\n");
  return { id: "codex", title: "Codex", where: "In ~/.codex/config.toml", lines };
}

function geminiCli({ url, key }: Place): Snippet {
  const header = shellQuote(`x-spf-key: ${key}`);
  const lines = `gemini mcp add --transport http --header ${header} hub ${shellQuote(`${url}/mcp`)}`;
  return { id: "gemini", title: "Gemini CLI", where: "In a terminal", lines };
}

function curl({ url, key, channel_id }: Place): Snippet {
  const post = (route: string, body: object): string =>
    `curl -sS ${shellQuote(`${url}/api/channel/${route}`)} -H ${shellQuote(`x-spf-key: ${key}`)} -d ${shellQuote(JSON.stringify(body))}`;
  const create = post("create", { name: "ops", key: "scout", name_display: "Scout", kind: "agent" });
  const lines =
    channel_id === undefined
      ? create
      : [
          post("join", { channel_id, key: "scout", name: "Scout", kind: "agent" }),
          post("send", { channel_id, key: "scout", kind: "agent", text: "hello" }),
        ].join("\n");
  return { id: "curl", title: "curl", where: "In a terminal", lines };
}

function library({ url, key, channel_id = "ch-1" }: Place): Snippet {
  const lines = `import { HubClient } from "channel-hub/client";

const hub = new HubClient({
  url: ${JSON.stringify(url)},
  key: ${JSON.stringify(key)},
  agent: { key: "scout", name: "Scout", kind: "agent" },
});
const channel = await hub.connect(${JSON.stringify(channel_id)});
await channel.send("hello");
for await (const event of channel) {
  if (event.type === "message") console.log(event.message.from_name, event.message.text);
}`;
  return { id: "library", title: "TypeScript", where: "npm install channel-hub, then", lines };
}

function terminal({ url, key, channel_id = "ch-1" }: Place): Snippet {
  const lines = `CHANNEL_HUB_URL=${shellQuote(url)} CHANNEL_HUB_KEY=${shellQuote(key)} npx channel-hub chat ${channel_id}`;
  return { id: "terminal", title: "Terminal", where: "In a terminal, to chat by hand", lines };
}

/** One word for a POSIX shell. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
