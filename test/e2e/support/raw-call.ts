/** Requests that `fetch` does not make: any Host, unfinished bodies, upgrades to anything, answers without a body. */
import { request } from "node:http";
import type { Answer } from "../../support/process/agent.ts";
import { HUB_KEY, type HubProcess } from "../../support/process/hub-process.ts";

export interface RawRequest {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly parts?: readonly Uint8Array[];
  /** The body goes on after `parts`: the answer must not wait for its end. */
  readonly isUnfinished?: boolean;
}

/** An empty body is undefined. */
export function rawCall(
  { port }: HubProcess,
  { path, method = "GET", headers, parts = [], isUnfinished = false }: RawRequest,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({
      host: "127.0.0.1",
      port,
      path,
      method,
      headers: { "x-spf-key": HUB_KEY, ...headers },
      agent: false,
    });
    asking.once("error", reject);
    asking.once("upgrade", (_response, socket) => {
      socket.destroy();
      resolve({ status: 101, headers: new Headers(), body: undefined });
    });
    asking.once("response", (response) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part.toString()));
      response.on("end", () => {
        const given = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
        resolve({ status: response.statusCode ?? 0, headers: given, body: bodyOf(text) });
        asking.destroy();
      });
    });
    asking.flushHeaders();
    for (const part of parts) asking.write(part);
    if (!isUnfinished) asking.end();
  });
}

/** What the runtime itself answers, such as `invalid URI`, is no JSON. */
function bodyOf(text: string): Answer["body"] {
  if (text === "") return undefined;
  return text.startsWith("{") ? JSON.parse(text) : { code: text };
}
