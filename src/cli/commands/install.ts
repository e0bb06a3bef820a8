/**
 * `install HOST`: what to put into that host's settings so that its agent has `spf_channel`: one
 * block on stdout that can be pasted, all else on stderr. Nothing is written to any host's settings;
 * `setup` does that. Secrets are never printed: each host reads them from its environment.
 */
import { realpathSync } from "node:fs";
import { tableLines } from "../edit/toml.ts";
import { HOSTS, hostCalled } from "../hosts/hosts.ts";
import { type Host, type Json, KEY_VARIABLE, type Launch, type LocalServer, type RemoteServer } from "../hosts/host.ts";
import { ownBuild, packageAt } from "../origin.ts";
import type { Session } from "../session.ts";

export const HOST_NAMES: readonly string[] = HOSTS.map(({ id }) => id);

export interface InstallFlags {
  readonly remote: boolean;
}

export async function install(session: Session, id: string, { remote }: InstallFlags): Promise<void> {
  const host = hostCalled(id);
  const entry = remote ? host.remote(remoteServer(session)) : host.local(localServer(session));
  const { out, note } = session.terminal;
  note(`into ${host.printed.where}:`);
  await out(`${printed(host, entry)}\n`);
  note(`start ${host.program} with the hub key in its environment: export ${KEY_VARIABLE}=...`);
  note(`approvals: ${host.approvals}`);
}

function localServer({ hub, agent: { key, name } }: Session): LocalServer {
  const command = ownCommand(realpathSync(process.argv[1] ?? ""), hub.api.url, ownBuild());
  const environment = {
    CHANNEL_HUB_URL: hub.api.url,
    CHANNEL_HUB_AGENT: key,
    ...(name !== undefined && { CHANNEL_HUB_NAME: name }),
  };
  return { command, environment, inherited: [KEY_VARIABLE] };
}

function remoteServer({ hub, agent: { key, name } }: Session): RemoteServer {
  // Header values are ASCII; the hub takes a name percent-encoded.
  const headers = { "x-hub-agent": key, ...(name !== undefined && { "x-hub-name": encodeURIComponent(name) }) };
  return { url: `${hub.api.url}/mcp`, headers };
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
