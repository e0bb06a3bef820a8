/**
 * An answer that takes time, as server-sent events. The first byte leaves at once and something
 * follows every ten seconds, because hosts give up on silence: 60 s to the first byte is common.
 * The last event is the answer. There are no event ids: a stream that broke is asked for again.
 */

/** Hosts and proxies drop streams that are silent for 30 to 60 s. */
const ALIVE_MS = 10_000;

export type ProgressToken = string | number;

export interface Work {
  /** Aborts when the caller has left, whichever of connection and stream shows it first. */
  readonly signal: AbortSignal;
  readonly progress: (message?: string) => void;
}

export interface StreamOptions {
  /** Aborts when the connection ends. */
  readonly signal: AbortSignal;
  /** With it, signs of life are progress notifications, else comments that clients skip. */
  readonly token: ProgressToken | undefined;
}

/** Streams what `work` comes to. `work` must not reject. */
export function eventStream(work: (work: Work) => Promise<object>, { signal, token }: StreamOptions): Response {
  const left = new AbortController();
  const gone = AbortSignal.any([signal, left.signal]);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void answer(work, { controller, gone, token }),
    cancel: () => left.abort(),
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // Asks proxies not to collect events (Streamable HTTP, "Receiving Messages").
      "x-accel-buffering": "no",
    },
  });
}

interface Line {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly gone: AbortSignal;
  readonly token: ProgressToken | undefined;
}

async function answer(work: (work: Work) => Promise<object>, line: Line): Promise<void> {
  const { controller, gone, token } = line;
  let progress = 0;
  const report = (message?: string): void => {
    progress += 1;
    const sign = token === undefined ? ": waiting\n\n" : event(progressMessage(token, progress, message));
    say(line, sign);
  };
  say(line, ": ok\n\n");
  const timer = setInterval(report, ALIVE_MS);
  const message = await work({ signal: gone, progress: report });
  clearInterval(timer);
  say(line, event(message));
  if (!gone.aborted) controller.close();
}

/** Nothing may follow on a stream that was left: the runtime would throw. */
function say({ controller, gone }: Line, text: string): void {
  if (!gone.aborted) controller.enqueue(new TextEncoder().encode(text));
}

/** {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1}}; `progress` only rises. */
function progressMessage(progressToken: ProgressToken, progress: number, message: string | undefined): object {
  return { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress, message } };
}

function event(message: object): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}
