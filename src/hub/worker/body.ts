/**
 * Bodies, before anything is done with them: not compressed, at most so large, counted while they are read, and here
 * within a time, so that a caller who dribbles holds nothing but its own connection. Handlers read
 * the body again from the same buffer.
 */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { FRAME_BYTES, quote, refusal } from "../../protocol/index.ts";
import { failure } from "./answer.ts";
import type { HubContext, HubEnv } from "./context.ts";

/** 256 KiB in this time is 25 KiB a second. */
const BODY_MS = 10_000;

const limited = bodyLimit({
  maxSize: FRAME_BYTES,
  onError: (c: HubContext) =>
    failure(c, refusal("body_too_large", `a body must be at most ${FRAME_BYTES} bytes; send a long text as a link`)),
});

export const boundedBody: MiddlewareHandler<HubEnv> = async function boundedBody(c, next) {
  if (c.req.raw.body === null) return await next();
  if (!isPlain(c.req.header("content-encoding"))) return compressed(c);
  const { promise: late, resolve } = Promise.withResolvers<Response>();
  const timer = setTimeout(() => resolve(tooLate(c)), BODY_MS);
  const whole = async (): Promise<void> => {
    await c.req.arrayBuffer();
    clearTimeout(timer);
    // What was refused must not be done after all.
    if (c.get("refused") === undefined) await next();
  };
  try {
    return await Promise.race([limited(c, whole), late]);
  } finally {
    clearTimeout(timer);
  }
};

/** The hub unpacks nothing: what is small on the way could be large once it is here. */
function isPlain(encoding = "identity"): boolean {
  return encoding.split(",").every((one) => /^\s*(identity)?\s*$/i.test(one));
}

function compressed(c: HubContext): Response {
  const coding = quote(c.req.header("content-encoding") ?? "");
  const says = `the hub takes no compressed body; send it without Content-Encoding: ${coding}`;
  return failure(c, refusal("encoding_unsupported", says), { "accept-encoding": "identity" });
}

function tooLate(c: HubContext): Response {
  return failure(c, refusal("bad_request", `the body did not arrive within ${BODY_MS / 1000} s; send it at once`));
}
