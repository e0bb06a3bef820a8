/** One hub as an agent sees it: its control plane, and the connections to its channels. */
import { ApiClient } from "./api-client.ts";
import type { HubOptions } from "./api-shapes.ts";
import { ChannelClient, type ConnectOptions } from "./channel-client.ts";
import { DEFAULTS, type Settings } from "./connection-state.ts";
import { type Host, thisHost } from "./host.ts";
import { Requests } from "./requests.ts";

export interface HubClientOptions extends HubOptions {
  /** Other times than the usual ones, in milliseconds; for tests and unusual networks. */
  readonly timing?: Partial<Omit<Settings, "echo" | "key">>;
  /** Another machine than this one; for tests. */
  readonly host?: Host;
}

/** A connection as `connections()` lists it. */
export interface ConnectionInfo {
  /** The agent key. */
  readonly key: string;
  readonly channel_id: string;
  readonly hub_url: string;
  readonly connected: boolean;
  /** Events that wait for `drain`. */
  readonly buffered: number;
}

/**
 * ```ts
 * const hub = new HubClient({ url: "https://hub.example", key: HUB_KEY, agent: { key: "alpha", name: "ALPHA", kind: "agent" } });
 * const channel = await hub.connect("ch-1");
 * await channel.send("hello");
 * for await (const event of channel) if (event.type === "message") console.log(event.message.text);
 * ```
 */
export class HubClient {
  /** The HTTP control plane. */
  readonly api: ApiClient;
  readonly #options: HubClientOptions;
  readonly #host: Host;
  readonly #requests: Requests;
  readonly #channels: Map<string, ChannelClient> = new Map();

  constructor(options: HubClientOptions) {
    this.#options = options;
    this.#host = options.host ?? thisHost();
    this.#requests = new Requests(options, this.#host);
    this.api = new ApiClient(options.agent, this.#requests);
  }

  /**
   * Connects to a channel, joining it if need be. Resolves when its first frame has come; listeners
   * that are attached at once hear everything from that frame on. Rejects with the reason if the hub
   * refuses; while it cannot be reached, says "later", or something else answers in its place, it is
   * tried again for `wait_ms` (30 s), of which `notice` hears. There is one connection per channel:
   * connecting again gives the same, and each caller waits for itself.
   */
  async connect(channel_id: string, options: ConnectOptions = {}): Promise<ChannelClient> {
    const channel = this.#channels.get(channel_id) ?? this.#open(channel_id, options);
    await channel.ready(options);
    return channel;
  }

  /** Ends the connection to a channel, if there is one. The agent stays joined. */
  async disconnect(channel_id: string): Promise<void> {
    await this.#channels.get(channel_id)?.disconnect();
  }

  /** Connections that were not ended. */
  connections(): readonly ConnectionInfo[] {
    return [...this.#channels.values()].map((channel) => ({
      key: this.#options.agent.key,
      channel_id: channel.id,
      hub_url: this.api.url,
      connected: channel.state === "connected",
      buffered: channel.buffered,
    }));
  }

  #open(channel_id: string, options: ConnectOptions): ChannelClient {
    const { agent, timing } = this.#options;
    const settings: Settings = { ...DEFAULTS, ...timing, echo: options.echo ?? false, key: agent.key };
    const ports = { host: this.#host, api: this.api, requests: this.#requests, agent, settings };
    const channel = new ChannelClient(channel_id, options, ports);
    this.#channels.set(channel_id, channel);
    channel.on("state", ({ state }) => {
      if (state === "closed" && this.#channels.get(channel_id) === channel) this.#channels.delete(channel_id);
    });
    return channel;
  }
}
