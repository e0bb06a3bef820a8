/**
 * The model server: one on loopback for all hosts, each agent under a path of its own,
 * `http://127.0.0.1:PORT/N/…`. What it is asked beyond words of a model it notes and refuses.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Json } from "../../support/frame-socket.ts";
import { anthropic } from "./anthropic.ts";
import { chat } from "./chat.ts";
import type { Codec } from "./conversation.ts";
import { gemini } from "./gemini.ts";
import { Mind } from "./mind.ts";
import { isAtALoss } from "./obedient.ts";
import { responses } from "./responses.ts";

const CODECS: readonly Codec[] = [anthropic, responses, gemini, chat];

/** A model thinks before it tries what failed once more. */
const AT_A_LOSS_MS = 1000;

export class ModelServer {
  readonly #server: Server;
  readonly #minds = new Map<string, Mind>();
  /** Requests that were none for words, as `POST /N/path`. */
  readonly strays: string[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.strays.push(`${request.url}: ${String(error)}`);
        response.destroy();
      });
    });
  }

  static async start(): Promise<ModelServer> {
    const server = new ModelServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  /** A new agent's model, and where its host finds it. */
  mind(): { readonly mind: Mind; readonly url: string } {
    const mind = new Mind();
    const path = String(this.#minds.size);
    this.#minds.set(path, mind);
    return { mind, url: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${path}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://model").pathname;
    const mind = this.#minds.get(path.split("/")[1] ?? "");
    const codec = CODECS.find((one) => one.takes(path));
    if (mind === undefined || codec === undefined || request.method !== "POST") {
      this.strays.push(`${request.method} ${path}`);
      response.writeHead(404, { "content-type": "application/json" }).end('{"error":{"message":"not here"}}');
      return;
    }
    const body: Json = await json(request);
    const isStream = codec.isStream(path, body);
    const conversation = codec.read(body);
    const words = codec.write(mind.think(conversation), isStream);
    if (isAtALoss(conversation)) await sleep(AT_A_LOSS_MS);
    response.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" }).end(words);
  }
}
