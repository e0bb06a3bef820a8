/** The Worker's routes, in the order in which a request meets them. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { FRAME_BYTES, LIMITS, LISTEN_ALL_QUERY, map, ok, readLimits, refusal } from "../protocol/index.ts";
import { admit, configuredKey } from "./admission.ts";
import { failure, fault, success } from "./answer.ts";
import { callIndex } from "./calls.ts";
import { channelRoutes } from "./channel-routes.ts";
import type { Env } from "./env.ts";
import { answering, routesOf, withQuery } from "./handlers.ts";
import { listenToAll } from "./listen.ts";
import { upgrade } from "./socket-route.ts";
import { VERSION } from "./version.ts";

export const app: Hono<{ Bindings: Env }> = new Hono<{ Bindings: Env }>();
const route = routesOf(app);

// Without a key: says that a hub is here, and nothing else.
route("/health", { GET: () => success({ name: "channel-hub", version: VERSION }) });

app.use(async function admission(c, next) {
  const url = new URL(c.req.url);
  const key = configuredKey(c.env, url);
  if (!key.ok) return failure(key.refusal);
  const refused = await admit(c.req.raw, url, key.value);
  if (refused !== undefined) return failure(refused);
  return await next();
});

app.use(
  bodyLimit({
    maxSize: FRAME_BYTES,
    onError: () => failure(refusal("body_too_large", `a body must be at most ${FRAME_BYTES} bytes`)),
  }),
);

app.route("/api/channel", channelRoutes);

// ?key=bravo&after=ch-1:418,ch-4:7&wait=45&for=me → {"ok":true,"channels":[{…},…]}
route("/api/listen", { GET: withQuery(LISTEN_ALL_QUERY, (c, query) => listenToAll(c.env, query, c.req.raw.signal)) });

// → {"ok":true,"limits":{"HUB_RATE_PER_SECOND":30,…},"channels":2,"deleted":0}; null: unlimited
route("/api/hub", {
  GET: answering(async (c) => {
    const limits = readLimits(c.env);
    const counts = await callIndex(c.env, async (index) => ok(await index.counts()));
    return map(counts, ({ channels, deleted }) => ({ limits: withNull(limits), channels, deleted }));
  }),
});

route("/ws/channel/:id", { GET: upgrade });

app.notFound((c) => failure(refusal("not_found", `no route ${c.req.method} ${c.req.path}`)));
app.onError((error, c) => fault(error, c.req.routePath));

/** JSON has no infinity. */
function withNull(limits: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.keys(LIMITS).map((name) => [name, limits[name] === Infinity ? null : (limits[name] ?? null)]),
  );
}
