/** wrangler's main: the fetch handler and the two kinds of object. */
import { app } from "./worker/app.ts";
import type { Env } from "./between/env.ts";

export { Channel } from "./channel-object/channel-object.ts";
export { HubIndex } from "./hub-index/hub-index.ts";

const worker: ExportedHandler<Env> = { fetch: app.fetch };
export default worker;
