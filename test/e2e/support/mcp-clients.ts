/** The official MCP clients of both protocol eras, as tests use them. */
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as FormerClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FormerTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { onTestFinished } from "vitest";
import type { Json } from "../../support/process/agent.ts";
import { HUB_KEY } from "../../support/process/hub-process.ts";

const NAME = { name: "a-test", version: "1.0.0" };

/** What the tests ask of a client, whichever it is. */
export interface Connected {
  readonly version: string | undefined;
  readonly instructions: string | undefined;
  listTools(): Promise<Json>;
  call(name: string, args?: object, options?: object): Promise<Json>;
}

/** Connects with the hub key, and with further headers. */
export type Connect = (url: URL, headers?: Readonly<Record<string, string>>) => Promise<Connected>;

function withKey(headers: Readonly<Record<string, string>> = {}): { requestInit: RequestInit } {
  return { requestInit: { headers: { "x-spf-key": HUB_KEY, ...headers } } };
}

type Mode = "legacy" | "auto" | { pin: string };

/** The client of today over any transport, speaking as `mode` says. */
export async function modernOver(mode: Mode, transport: Parameters<ModernClient["connect"]>[0]): Promise<Connected> {
  const client = new ModernClient(NAME, { versionNegotiation: { mode } });
  onTestFinished(() => client.close());
  await client.connect(transport);
  return {
    version: client.getNegotiatedProtocolVersion(),
    instructions: client.getInstructions(),
    listTools: () => client.listTools(),
    call: (name, args = {}, options = {}) => client.callTool({ name, arguments: { ...args } }, options),
  };
}

/** The client of the previous era over any transport. */
export async function formerOver(
  transport: Parameters<FormerClient["connect"]>[0],
  version: () => string | undefined,
): Promise<Connected> {
  const client = new FormerClient(NAME);
  onTestFinished(() => client.close());
  await client.connect(transport);
  return {
    version: version(),
    instructions: client.getInstructions(),
    listTools: () => client.listTools(),
    call: (name, args = {}, options = {}) => client.callTool({ name, arguments: { ...args } }, undefined, options),
  };
}

export function modern(mode: Mode): Connect {
  return (url, headers) => modernOver(mode, new ModernTransport(url, withKey(headers)));
}

/** The client of the previous era, still the most used. */
export function former(url: URL, headers?: Readonly<Record<string, string>>): Promise<Connected> {
  const transport = new FormerTransport(url, withKey(headers));
  return formerOver(transport, () => transport.protocolVersion);
}

export const CLIENTS: readonly (readonly [who: string, version: string, connect: Connect])[] = [
  ["the client of today as a legacy client", "2025-11-25", modern("legacy")],
  ["the client of today by itself", "2026-07-28", modern("auto")],
  ["the client of today pinned to 2026-07-28", "2026-07-28", modern({ pin: "2026-07-28" })],
  ["the client of the previous SDK", "2025-11-25", former],
];
