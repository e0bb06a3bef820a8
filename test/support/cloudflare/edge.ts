/**
 * The other half of the stand-in: what Cloudflare does with a deployed version. Each version that
 * goes live is run as a real hub with the bindings it was deployed with, at one address.
 */
import { createServer, request as ask, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { HubProcess } from "../process/hub-process.ts";
import type { StoredWorker } from "./stand-in.ts";

export class Edge {
  readonly #server: Server;
  readonly #worker: string;
  #hub: HubProcess | undefined;

  private constructor(worker: string) {
    this.#worker = worker;
    this.#server = createServer((request, response) => {
      const { method, url: path, headers } = request;
      const onward = ask(`${this.#hub?.url ?? "http://127.0.0.1:1"}${path}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      // Nothing is deployed, or it is being replaced.
      onward.on("error", () => response.writeHead(502).end("no Worker"));
      request.pipe(onward);
    });
  }

  /** `worker` is the bundle that every version runs. */
  static async start(worker: string): Promise<Edge> {
    const edge = new Edge(worker);
    await new Promise<void>((listening) => edge.#server.listen(0, "127.0.0.1", listening));
    return edge;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Runs what a stand-in says is live now. */
  async show({ live }: StoredWorker): Promise<void> {
    const texts = live.bindings.filter(({ type }) => type === "secret_text" || type === "plain_text");
    const given = Object.fromEntries(texts.map(({ name, text = "" }) => [name, text]));
    await this.#hub?.[Symbol.asyncDispose]();
    // Without a key of its own, which hubs of tests have.
    this.#hub = await HubProcess.start({ worker: this.#worker, variables: { HUB_KEY: "", ...given } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
    await this.#hub?.[Symbol.asyncDispose]();
  }
}
