/**
 * The machine as the command finds it: Node. Its requests go by `node:http`, which every Node has
 * loaded already, where to load what is behind `fetch` takes as long as all else of a `send`
 * (`npm run measure:start`).
 */
import { type IncomingMessage, request as requestPlainly, type RequestOptions } from "node:http";
import { type Host, thisHost } from "../client/index.ts";

type HttpRequest = Parameters<Host["fetch"]>[0];
type HttpAnswer = Awaited<ReturnType<Host["fetch"]>>;

export function nodeHost(): Host {
  return Object.assign(thisHost(), { fetch: exchange });
}

/** Follows no redirect, as `node:http` never does. */
async function exchange({ url, method, headers, body, timeout_ms, signal }: HttpRequest): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(timeout_ms);
  const ended = signal === undefined ? timeout : AbortSignal.any([signal as AbortSignal, timeout]);
  const request = url.startsWith("https:") ? (await import("node:https")).request : requestPlainly;
  try {
    return await read(await answerTo(request, url, { method, headers, signal: ended }, body));
  } catch (error) {
    // Node says that it was aborted, the signal says why.
    throw ended.aborted ? ended.reason : error;
  }
}

function answerTo(
  request: typeof requestPlainly,
  url: string,
  options: RequestOptions,
  body: string | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, options, resolve).on("error", reject).end(body);
  });
}

async function read(answer: IncomingMessage): Promise<HttpAnswer> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  const { "content-type": type, location } = answer.headers;
  return {
    status: answer.statusCode ?? 0,
    text: new TextDecoder().decode(Buffer.concat(parts)),
    ...(type !== undefined && { type }),
    ...(location !== undefined && { location }),
  };
}
