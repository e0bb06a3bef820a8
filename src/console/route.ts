/**
 * What the address shows, as `location.hash`: everything after `#` stays in the browser, so that a
 * watch ticket in a link never reaches a log.
 */
import { CHANNEL_ID_PATTERN } from "../protocol/text.ts";

export type Route =
  | { readonly name: "home" }
  /** A channel, perhaps at one of its messages. */
  | { readonly name: "channel"; readonly channel_id: string; readonly seq?: number }
  /** A channel read-only, for whoever has the link. */
  | {
      readonly name: "watch";
      readonly channel_id: string;
      readonly ticket: string;
      /** The channel's. */ readonly title?: string;
      readonly seq?: number;
    };

const PLACE = /^#\/(c|watch)\/([^/?]+)(?:\/(\d{1,12}))?\/?(?:\?(.*))?$/;

/** `#/c/ch-1/418` and its like; whatever else it is, home. */
export function parseRoute(hash: string): Route {
  const [, kind, channel_id = "", at, search = ""] = PLACE.exec(hash) ?? [];
  if (!CHANNEL_ID_PATTERN.test(channel_id)) return { name: "home" };
  const seq = at === undefined ? {} : { seq: Number(at) };
  if (kind === "c") return { name: "channel", channel_id, ...seq };
  const query = new URLSearchParams(search);
  const title = query.get("title");
  return { name: "watch", channel_id, ticket: query.get("ticket") ?? "", ...(title !== null && { title }), ...seq };
}

export function formatRoute(route: Route): string {
  if (route.name === "home") return "#/";
  const at = route.seq === undefined ? "" : `/${route.seq}`;
  if (route.name === "channel") return `#/c/${route.channel_id}${at}`;
  const title = route.title === undefined ? "" : `&title=${encodeURIComponent(route.title)}`;
  return `#/watch/${route.channel_id}${at}?ticket=${encodeURIComponent(route.ticket)}${title}`;
}
