/** Which function does which action of the tool. */
import { history } from "./history.ts";
import { listen } from "./listen.ts";
import { list, status, who } from "./look.ts";
import { connect, create, disconnect, join, leave } from "./membership.ts";
import { send } from "./send.ts";

/** Actions that are somebody's. */
export const OF_AN_AGENT = { create, join, leave, send, listen, connect, disconnect, status } as const;
/** Actions of anybody; a known agent's key tells them what is its own. */
export const OF_ANYBODY = { list, who, history } as const;
