/** /api/channel/*: parse, call the object, answer. */
import { Hono } from "hono";
import type { Caller, Viewer } from "../../../channel/index.ts";
import {
  type Change,
  CREATE_BODY,
  DELETE_QUERY,
  HISTORY_QUERY,
  JOIN_BODY,
  KICK_BODY,
  LEAVE_BODY,
  LIST_QUERY,
  map,
  MODERATION_BODY,
  type ModerationCommand,
  ok,
  READ_BODY,
  type Result,
  SEND_BODY,
} from "../../../protocol/index.ts";
import { noteAct } from "../calls/note-act.ts";
import { provenKey } from "../admission/caller.ts";
import * as operations from "../calls/operations.ts";
import type { HubContext, HubEnv } from "../context.ts";
import { answering, idempotencyKey, routesOf, withBody, withQuery } from "../handlers.ts";
import { ADMIN, callerFor, viewerOf } from "../admission/identity.ts";
import { listenToOne } from "./listen-route.ts";
import type { CommandAnswer } from "../../between/channel-calls.ts";

export const channelRoutes: Hono<HubEnv> = new Hono<HubEnv>();

const route = routesOf(channelRoutes, "/api/channel");

// {"name":"ops","key":"alpha","name_display":"ALPHA"} → {"ok":true,"channel_id":"ch-1","name":"ops","created_by":"ALPHA"}
route("/create", {
  POST: withBody(CREATE_BODY, async (c, body) => {
    const [id, caller] = [idempotencyKey(c), callerFor(c, body)];
    if (!caller.ok) return caller;
    if (!id.ok) return id;
    const how = `repeat it with the header Idempotency-Key: ${id.value}, within 24 hours`;
    const made = await operations.create(c.env, caller.value, body, { key: id.value, how });
    return map(made, ({ number, name, creator_name }) => {
      return { channel_id: `ch-${number}`, name, created_by: creator_name };
    });
  }),
});

// {"channel_id":"ch-1","key":"bravo","name":"BRAVO"} → {"ok":true,"channel_id":"ch-1","seq":2,"epoch":"…"}
route("/join", {
  POST: withBody(JOIN_BODY, (c, { name, ...who }) => change(c, who, { action: "join", name })),
});

// {"channel_id":"ch-1","key":"bravo"} → {"ok":true,"channel_id":"ch-1","seq":9}
route("/leave", {
  POST: withBody(LEAVE_BODY, (c, who) => change(c, who, { action: "leave" })),
});

// {"channel_id":"ch-1","key":"bravo","name":"BRAVO","text":"hi"} → {"ok":true,"message":{…},"duplicate":false,"delivered":1,…}
route("/send", {
  POST: withBody(SEND_BODY, (c, { channel_id, key, kind, ...fields }) => {
    const id = idempotencyKey(c, fields.client_msg_id);
    return id.ok ? change(c, { channel_id, key, kind }, { action: "send", ...fields, client_msg_id: id.value }) : id;
  }),
});

// {"channel_id":"ch-1","key":"bravo","seq":9} → {"ok":true,"channel_id":"ch-1","seq":9}
route("/read", {
  POST: withBody(READ_BODY, (c, { seq, ...who }) => change(c, who, { action: "read", seq })),
});

// {"channel_id":"ch-1","target":"BRAVO","minutes":60} → {"ok":true,"channel_id":"ch-1","seq":10}
route("/kick", {
  POST: withBody(KICK_BODY, (c, { target, minutes, ...who }) => moderate(c, who, { action: "kick", target, minutes })),
});

// {"channel_id":"ch-1"} → {"ok":true,"channel_id":"ch-1","seq":11}
route("/pause", { POST: withBody(MODERATION_BODY, (c, who) => moderate(c, who, { action: "pause" })) });
route("/resume", { POST: withBody(MODERATION_BODY, (c, who) => moderate(c, who, { action: "resume" })) });
route("/guard-reset", { POST: withBody(MODERATION_BODY, (c, who) => moderate(c, who, { action: "guard_reset" })) });

// ?limit=100&cursor=0&key=bravo → {"ok":true,"channels":[…],"count":2,"next_cursor":40}
route("/list", {
  GET: withQuery(LIST_QUERY, async (c, query) => {
    const viewer = query.key === undefined ? ok(viewerOf(c)) : callerFor(c, { key: query.key });
    if (!viewer.ok) return viewer;
    const listing = await operations.list(c.env, viewer.value, query);
    return map(listing, ({ channels, ...counts }) => `{"channels":[${channels}],${JSON.stringify(counts).slice(1)}`);
  }),
});

// ?limit=50&after=418&before=500&epoch=… → {"ok":true,"channel_id":"ch-1","messages":[…],"count":50,"meta":{…}}
route("/:id/history", {
  GET: withQuery(HISTORY_QUERY, async (c, query) => {
    const id = c.req.param("id") ?? "";
    const page = await operations.history(c.env, viewerOf(c), id, query);
    return map(
      page,
      ({ messages, count, meta }) => `{"channel_id":"${id}","messages":[${messages}],"count":${count},"meta":${meta}}`,
    );
  }),
});

route("/:id/listen", { GET: listenToOne });

route("/:id", {
  // → {"ok":true,…summary,"participants":[{…,"last_seen":"…","unread":3}],"epoch":"…","first_seq":1,"last_seq":9}
  GET: answering((c) => operations.details(c.env, viewerOf(c), c.req.param("id") ?? "")),
  // ?key=alpha → {"ok":true,"channel_id":"ch-1"}
  DELETE: withQuery(DELETE_QUERY, async (c, { key }) => {
    const id = c.req.param("id") ?? "";
    const by = await deleterOf(c, key);
    if (!by.ok) return by;
    const gone = await operations.remove(c.env, by.value, id);
    if (gone.ok) await noteAct(c, "delete", { channel_id: id });
    return map(gone, () => ({ channel_id: id }));
  }),
});

/** The hub's owner needs no key. */
async function deleterOf(c: HubContext, key: string | undefined): Promise<Result<Viewer>> {
  const proven = provenKey(c.var.proof).key;
  const may = key === undefined || key === proven ? ok(true) : await operations.mayClaim(c.env, key);
  if (!may.ok) return may;
  const by = key ?? proven;
  return by === undefined ? ok(viewerOf(c)) : callerFor(c, { key: by });
}

interface Who {
  readonly channel_id: string;
  readonly key: string;
  readonly kind?: Caller["kind"];
}

/** Brings a command to its channel and says what became of it. */
async function change(
  c: HubContext,
  { channel_id, key, kind }: Who,
  command: Change,
): Promise<Result<object | string>> {
  const claimed = callerFor(c, { key, kind });
  if (!claimed.ok) return claimed;
  const answer = await operations.change(c.env, claimed.value, channel_id, command);
  return map(answer, (done: CommandAnswer) => {
    if (done.type === "sent") c.set("message", messageId(done.message));
    if (done.type === "sent") return `{"message":${done.message},${JSON.stringify(done.extras).slice(1)}`;
    const { type: _type, ...position } = done;
    return { channel_id, ...position };
  });
}

/** It stands first in a message's JSON. */
function messageId(json: string): string {
  return /^\{"id":"([\w-]+)"/.exec(json)?.[1] ?? "";
}

/** The body of a moderation: an admin needs no key of its own. */
interface Moderator {
  readonly channel_id: string;
  readonly key?: string | undefined;
}

async function moderate(
  c: HubContext,
  { channel_id, key }: Moderator,
  command: ModerationCommand,
): Promise<Result<object | string>> {
  const done = await change(c, { channel_id, key: key ?? provenKey(c.var.proof).key ?? ADMIN }, command);
  const target = command.action === "kick" ? { target: command.target } : {};
  if (done.ok) await noteAct(c, command.action, { channel_id, ...target });
  return done;
}
