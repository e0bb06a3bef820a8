/**
 * How a user connects a host to the hub. Beside the agent: one command, `setup`, in the project's
 * folder, which finds the host, writes its settings and joins the channel. To the hub's own endpoint:
 * what `install --remote` prints, pasted where it says, and a join.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../support/frame-socket.ts";
import type { Form, Host } from "./hosts/host.ts";
import type { Finished, Place } from "./place.ts";

export interface Joining {
  readonly hub: string;
  readonly key: string;
  readonly channel: string;
  readonly form: Form;
}

/** What the user saw, and how long it took. */
export async function connect(place: Place, host: Host, joining: Joining): Promise<Finished> {
  return await (joining.form === "local" ? setUp(place, joining) : paste(place, host, joining));
}

/** Only guards against hanging. */
const SETUP_MS = 300_000;

/** The key is in the environment of this command alone: the host finds what `setup` has kept. */
async function setUp(place: Place, { hub, key, channel }: Joining): Promise<Finished> {
  const command = ["npx", "-y", `${hub}/channel-hub.tgz`, "setup", "--channel", channel, "--yes"];
  return wellDone(await place.run(command, { most: SETUP_MS, env: { CHANNEL_HUB_KEY: key } }));
}

async function paste(place: Place, host: Host, { hub, key, channel }: Joining): Promise<Finished> {
  const command = ["npx", "-y", `${hub}/channel-hub.tgz`];
  const name = `${host.name}-remote`;
  const env = { CHANNEL_HUB_KEY: key, CHANNEL_HUB_AGENT: `${name}-${channel}`, CHANNEL_HUB_NAME: name.toUpperCase() };
  const printed = wellDone(await place.run([...command, "install", host.name, "--remote"], { env }));
  put(place, host, printed.out);
  // The settings only name it.
  Object.assign(place.env, { CHANNEL_HUB_KEY: key });
  return wellDone(await place.run([...command, "join", channel], { env }));
}

function wellDone(finished: Finished): Finished {
  if (finished.code !== 0) throw new Error(`ended with ${finished.code}: ${finished.out}${finished.err}`);
  return finished;
}

function put(place: Place, { name }: Host, text: string): void {
  switch (name) {
    case "claude": {
      writeFileSync(join(place.project, ".mcp.json"), text);
      const settings = { permissions: { allow: ["mcp__hub__spf_channel"] }, enabledMcpjsonServers: ["hub"] };
      place.write({ ".claude/settings.json": JSON.stringify(settings) });
      return;
    }
    case "codex":
      return place.write({ ".codex/config.toml": `${read(join(place.home, ".codex/config.toml"))}\n${text}` });
    case "gemini": {
      const settings: Json = JSON.parse(read(join(place.home, ".gemini/settings.json")));
      return place.write({ ".gemini/settings.json": JSON.stringify({ ...settings, ...JSON.parse(text) }) });
    }
    case "opencode":
      return writeFileSync(join(place.project, "opencode.json"), text);
  }
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
