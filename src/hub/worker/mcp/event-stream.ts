/**
 * An answer that takes time, as server-sent events. The first byte leaves at once and something
 * follows every ten seconds, because hosts give up on silence: 60 s to the first byte is common.
 * The last event is the answer. With a cursor a client whose stream broke soon asks for the rest of it.
 */

/** Hosts and proxies drop streams that are silent for 30 to 60 s. */
const ALIVE_MS = 10_000;
/** A client asks for the rest after this, twice as most are made: a hub that restarts is back by then. */
const RETRY_MS = 3000;

/** The id of the answer is no call. */
const ANSWERED = "id: answered\n";

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
  /** The id of its one event before the answer, by which a client goes on (`resume.ts`). */
  readonly cursor?: string | undefined;
  /** Milliseconds that the call has taken already, on a stream that broke. */
  readonly passed?: number;
}

/** Streams what `work` comes to. `work` must not reject. */
export function eventStream(work: (work: Work) => Promise<object>, options: StreamOptions): Response {
  const { signal, token, cursor, passed = 0 } = options;
  const left = new AbortController();
  const gone = AbortSignal.any([signal, left.signal]);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void answer(work, { controller, gone, token, cursor, passed }),
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
  readonly cursor: string | undefined;
  readonly passed: number;
}

async function answer(work: (work: Work) => Promise<object>, line: Line): Promise<void> {
  const { controller, gone, token, cursor, passed } = line;
  const begun = Date.now() - passed;
  let progress = 0;
  const sign = (message?: string): string | undefined => {
    // Seconds; it only rises, over all streams of a call.
    progress = Math.max(progress + 1, Math.floor((Date.now() - begun) / 1000));
    return token === undefined ? undefined : event(progressMessage(token, progress, message));
  };
  const report = (message?: string): void => say(line, sign(message) ?? ": waiting\n\n");
  // Without progress an event without data: clients that may get it know what that is.
  const first = `id: ${cursor}\nretry: ${RETRY_MS}\n`;
  say(line, cursor === undefined ? ": ok\n\n" : `${first}${sign() ?? "data:\n\n"}`);
  const timer = setInterval(report, ALIVE_MS);
  const message = await work({ signal: gone, progress: report });
  clearInterval(timer);
  // Some clients ask for the rest of a stream that has ended well: there is none, and nothing is called again.
  say(line, `${cursor === undefined ? "" : ANSWERED}${event(message)}`);
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
