/**
 * Bodies, before anything is done with them: at most so large, counted while they are read, and here
 * within a time, so that a caller who dribbles holds nothing but its own connection.
 */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { FRAME_BYTES, refusal } from "../protocol/index.ts";
import { failure } from "./answer.ts";
import type { HubContext, HubEnv } from "./env.ts";

/** 256 KiB in this time is 25 KiB a second. */
const BODY_MS = 10_000;

export const boundedBody: MiddlewareHandler<HubEnv> = bodyLimit({
  maxSize: FRAME_BYTES,
  onError: (c: HubContext) =>
    failure(c, refusal("body_too_large", `a body must be at most ${FRAME_BYTES} bytes; send a long text as a link`)),
});

/** Handlers read the body again from the same buffer. */
export const wholeBody: MiddlewareHandler<HubEnv> = async function wholeBody(c, next) {
  if (c.req.raw.body === null || (await arrives(c.req.arrayBuffer()))) return await next();
  return failure(
    c,
    refusal("bad_request", `the body did not arrive within ${BODY_MS / 1000} s; send it again at once`),
  );
};

async function arrives(body: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), BODY_MS);
  try {
    return await Promise.race([body.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
