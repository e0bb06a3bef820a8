/**
 * `install HOST`: what to put into that host's settings so that its agent has `spf_channel`: one
 * block on stdout that can be pasted, all else on stderr. Nothing is written to any host's settings;
 * `setup` does that. Secrets are never printed: each host reads them from its environment.
 */
import { realpathSync } from "node:fs";
import { tableLines } from "../edit/toml.ts";
import { hostCalled } from "../hosts/hosts.ts";
import { type Host, type Json, KEY_VARIABLE, type Launch, type LocalServer, type RemoteServer } from "../hosts/host.ts";
import { ownBuild, packageAt } from "../origin.ts";
import { prepare, type Prepared, type World } from "../session.ts";
import type { Flags } from "../settings.ts";
import { labelOf } from "../setup/agents.ts";

export interface InstallFlags extends Flags {
  readonly remote: boolean;
}

export async function install(
  id: string,
  { remote, host: _host, ...flags }: InstallFlags,
  world: World,
): Promise<void> {
  const host = hostCalled(id);
  const prepared = prepare(flags, world);
  const { settings, terminal } = prepared;
  const who = whoFor(host, flags, prepared);
  const entry = remote
    ? host.remote(remoteServer(settings.url, who))
    : host.local(localServer(settings.url, who, host));
  terminal.note(`into ${host.printed.where}:`);
  await terminal.out(`${printed(host, entry)}\n`);
  terminal.note(`start ${host.program} with the hub key in its environment: export ${KEY_VARIABLE}=...`);
  terminal.note(`approvals: ${host.approvals}`);
}

interface Who {
  readonly agent: string;
  readonly name: string | undefined;
  /** Somebody whom the caller named: the server is to speak for that key, and cannot prove it. */
  readonly isNamed: boolean;
}

/** Who was named by a flag or in the environment; else the host's own in this folder (HST1), which nothing is kept for. */
function whoFor({ id }: Host, flags: Flags, { settings, world: { env } }: Prepared): Who {
  const named = flags.agent ?? (env["CHANNEL_HUB_AGENT"] || undefined);
  const name = flags.name ?? (env["CHANNEL_HUB_NAME"] || undefined);
  const own = { host: id, folder: realpathSync(process.cwd()), url: settings.url };
  return { agent: settings.agent && named ? settings.agent : labelOf(own), name, isNamed: named !== undefined };
}

function localServer(url: string, { agent, name, isNamed }: Who, { id }: Host): LocalServer {
  const command = ownCommand(realpathSync(process.argv[1] ?? ""), url, ownBuild());
  const environment = {
    CHANNEL_HUB_URL: url,
    CHANNEL_HUB_AGENT: agent,
    ...(name !== undefined && { CHANNEL_HUB_NAME: name }),
  };
  return { command: isNamed ? command : [...command, "--host", id], environment, inherited: [KEY_VARIABLE] };
}

function remoteServer(url: string, { agent, name }: Who): RemoteServer {
  // Header values are ASCII; the hub takes a name percent-encoded.
  const headers = { "x-hub-agent": agent, ...(name !== undefined && { "x-hub-name": encodeURIComponent(name) }) };
  return { url: `${url}/mcp`, headers };
}

/**
 * How a host starts this very command. What is in npx's store may be gone tomorrow, so this very
 * build is asked for; a hub that is down is asked once, and then the store.
 */
export function ownCommand(script: string, hub: string, build: string | undefined): Launch {
  if (build === undefined) return [process.execPath, script, "mcp"];
  return ["npx", "-y", "--fetch-retries=0", packageAt(hub, build), "mcp"];
}

function printed({ printed: { format, at } }: Host, entry: Json): string {
  if (format === "toml") return tableLines(at, entry as { readonly [name: string]: Json }).join("\n");
  return JSON.stringify(
    at.reduceRight<Json>((value, name) => ({ [name]: value }), entry),
    undefined,
    2,
  );
}
