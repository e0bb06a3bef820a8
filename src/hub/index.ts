/** wrangler's main: the fetch handler and the two kinds of object. */
import { app } from "./app.ts";
import type { Env } from "./env.ts";

export { Channel } from "./channel-object.ts";
export { HubIndex } from "./hub-index.ts";

const worker: ExportedHandler<Env> = { fetch: app.fetch };
export default worker;
