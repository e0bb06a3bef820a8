/**
 * How a user connects a host to the hub: puts what `install` prints into the host's settings, then
 * joins the channel.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../support/frame-socket.ts";
import type { Form, Host } from "./hosts/host.ts";
import type { Place } from "./place.ts";

export interface Joining {
  readonly hub: string;
  readonly key: string;
  readonly channel: string;
  readonly form: Form;
}

/** Milliseconds that it took. */
export async function connect(place: Place, host: Host, { hub, key, channel, form }: Joining): Promise<number> {
  const begin = performance.now();
  const name = `${host.name}-${form}`.toUpperCase();
  const env = {
    CHANNEL_HUB_URL: hub,
    CHANNEL_HUB_KEY: key,
    CHANNEL_HUB_NAME: name,
    CHANNEL_HUB_AGENT: `${name.toLowerCase()}-${randomUUID().slice(0, 4)}`,
  };
  Object.assign(place.env, { CHANNEL_HUB_KEY: key });
  const command = ["npx", "-y", `${hub}/channel-hub.tgz`];
  const printed = await place.run([...command, "install", host.name, ...(form === "remote" ? ["--remote"] : [])], {
    env,
  });
  if (printed.code !== 0) throw new Error(`install: ${printed.err}`);
  paste(place, host, printed.out);
  const joined = await place.run([...command, "join", channel], { env });
  if (joined.code !== 0) throw new Error(`join: ${joined.err}`);
  return performance.now() - begin;
}

function paste(place: Place, { name }: Host, text: string): void {
  switch (name) {
    case "claude": {
      writeFileSync(join(place.project, ".mcp.json"), text);
      const settings = { permissions: { allow: ["mcp__hub__spf_channel"] }, enabledMcpjsonServers: ["hub"] };
      place.write({ ".claude/settings.json": JSON.stringify(settings) });
      return;
    }
    case "codex":
      return place.write({
        ".codex/config.toml": `${read(join(place.home, ".codex/config.toml"))}\n${text}\nrequired = true\n`,
      });
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
