/**
 * Requests of the control plane: the headers that admit them, one exchange, and the answer read. What
 * a refusal teaches of the hub's clock is kept, and the request signed anew.
 */
import type { HubOptions, Signable } from "./api-shapes.ts";
import { type Failure, failure, failureFrom, HubError } from "./hub-error.ts";
import type { Host, HttpAnswer, Signal } from "./host.ts";
import { noAnswer, readAnswer } from "./http.ts";

export interface Request {
  readonly method?: string;
  readonly path: string;
  readonly body?: object;
  /** The id under which it happens once. */
  readonly once?: string | undefined;
  /** Seconds the hub may take longer than usual. */
  readonly wait?: number;
  readonly signal?: Signal | undefined;
  /** Fields that every hub's answer has: without them it was another's. */
  readonly has?: readonly string[];
}

/** Milliseconds an answer may take. */
const TIMEOUT_MS = 30_000;
/** Times that a request is signed anew because the clock was wrong. */
const CLOCK_TRIES = 2;
/** Milliseconds within which two offsets of the clock are one: `server_time` is in seconds, and answers take a while. */
const CLOCK_MS = 5000;

export class Requests {
  /** `http:` or `https:`, without a slash at the end. */
  readonly url: string;
  readonly #options: HubOptions;
  readonly #host: Host;
  /** What to add to this machine's clock, milliseconds, as far as the hub said so. */
  #offset: number | undefined;

  constructor(options: HubOptions, host: Host) {
    this.url = options.url.replace(/^ws/, "http").replace(/\/+$/, "");
    this.#options = options;
    this.#host = host;
  }

  /** Milliseconds by a clock that nobody sets. */
  readonly uptime = (): number => this.#host.uptime();

  /** Headers that admit a request or an upgrade. */
  async headers(request: Signable): Promise<Record<string, string>> {
    const { key, authorize } = this.#options;
    const now = this.#offset === undefined ? {} : { now: this.#host.now() + this.#offset };
    const signed = await authorize?.({ ...request, ...now }).catch((error: unknown) => {
      throw error instanceof HubError ? error : new HubError(notSigned(error));
    });
    return { ...(key !== undefined && { "x-spf-key": key }), ...signed };
  }

  /** What was learnt of the hub's clock: what to add to this machine's, milliseconds. */
  get clockOffset(): number | undefined {
    return this.#offset;
  }

  /** Whether a refusal taught something new of the hub's clock, so that what is signed anew may be taken. */
  learn({ code, server_time }: Failure): boolean {
    if (code !== "clock_skew" || server_time === undefined || this.#options.authorize === undefined) return false;
    const offset = server_time * 1000 - this.#host.now();
    if (this.#offset !== undefined && Math.abs(offset - this.#offset) < CLOCK_MS) return false;
    this.#offset = offset;
    return true;
  }

  /** The answer to a request; rejects with what was said against it. */
  async ask<T>(asked: Request): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        const answer = await this.#exchange(asked);
        const read = readAnswer(answer);
        if (asked.has?.every((field) => Object.hasOwn(read, field)) === false) throw new HubError(noAnswer(answer));
        return read as T;
      } catch (error) {
        if (tries === CLOCK_TRIES || !(error instanceof HubError) || !this.learn(error)) throw error;
      }
    }
  }

  async #exchange({ path, body, once, wait = 0, signal, method: asked }: Request): Promise<HttpAnswer> {
    const json = body && JSON.stringify(body);
    const method = asked ?? (json === undefined ? "GET" : "POST");
    const bare = { method, url: this.url + path, ...(json !== undefined && { body: json }) };
    const admitted = await this.headers(once === undefined ? bare : { ...bare, nonce: once });
    const headers = once === undefined ? admitted : { "idempotency-key": once, ...admitted };
    const sent = { ...bare, headers, timeout_ms: TIMEOUT_MS + wait * 1000, ...(signal && { signal }) };
    return await this.#host.fetch(sent).catch((error: unknown) => {
      throw new HubError(failureFrom(error, this.url));
    });
  }
}

function notSigned(error: unknown): Failure {
  return failure("not_signed", `authorize failed: ${error instanceof Error ? error.message : String(error)}`);
}
