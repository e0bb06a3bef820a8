/** /api/channel/*: parse, call the object, answer. */
import { Hono } from "hono";
import type { Caller } from "../channel/index.ts";
import {
  type Change,
  channelNotFound,
  channelNumber,
  CREATE_BODY,
  HISTORY_QUERY,
  JOIN_BODY,
  KICK_BODY,
  LEAVE_BODY,
  LIST_QUERY,
  LISTEN_QUERY,
  map,
  MODERATION_BODY,
  type ModerationCommand,
  quote,
  READ_BODY,
  type Result,
  SEND_BODY,
} from "../protocol/index.ts";
import { callChannel, callIndex, type CallOptions, READ, unclear } from "./calls.ts";
import type { CommandAnswer } from "./replies.ts";
import { directory } from "./directory.ts";
import type { Env } from "./env.ts";
import { listenTo } from "./listen.ts";
import { answering, type HubContext, idempotencyKey, routesOf, withBody, withQuery } from "./handlers.ts";

export const channelRoutes: Hono<{ Bindings: Env }> = new Hono<{ Bindings: Env }>();

const route = routesOf(channelRoutes);

// {"name":"ops","key":"alpha","name_display":"ALPHA"} → {"ok":true,"channel_id":"ch-1","name":"ops","created_by":"ALPHA"}
route("/create", {
  POST: withBody(CREATE_BODY, async (c, body) => {
    const id = idempotencyKey(c);
    if (!id.ok) return id;
    const again = unclear(`repeat it with the header Idempotency-Key: ${id.value}, within 24 hours`, true);
    const made = await callIndex(c.env, (index) => index.create(body, id.value), again);
    return map(made, ({ number, name, creator_name }) => {
      directory.created(number);
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
    const listing = await callIndex(c.env, (index) => index.list(query));
    return map(listing, ({ channels, ...counts }) => `{"channels":[${channels}],${JSON.stringify(counts).slice(1)}`);
  }),
});

// ?limit=50&after=418&before=500&epoch=… → {"ok":true,"channel_id":"ch-1","messages":[…],"count":50,"meta":{…}}
route("/:id/history", {
  GET: withQuery(HISTORY_QUERY, async (c, query) => {
    const id = c.req.param("id") ?? "";
    const page = await callChannel(c.env, id, (channel) => channel.history(query), READ);
    return map(
      page,
      ({ messages, count, meta }) => `{"channel_id":"${id}","messages":[${messages}],"count":${count},"meta":${meta}}`,
    );
  }),
});

// ?key=bravo&after=418&wait=45&for=me → {"ok":true,"channel_id":"ch-1","messages":[…],"next":421,"own":0,"others":2,…}
route("/:id/listen", {
  GET: withQuery(LISTEN_QUERY, (c, query) => listenTo(c.env, c.req.param("id") ?? "", query, c.req.raw.signal)),
});

route("/:id", {
  // → {"ok":true,…summary,"participants":[{…,"last_seen":"…","unread":3}],"epoch":"…","first_seq":1,"last_seq":9}
  GET: answering(async (c) => {
    return await callChannel(c.env, c.req.param("id") ?? "", (channel) => channel.details(), READ);
  }),
  // → {"ok":true,"channel_id":"ch-1"}
  DELETE: answering(async (c) => {
    const id = c.req.param("id") ?? "";
    const number = channelNumber(id);
    if (number === undefined) return { ok: false, refusal: channelNotFound(quote(id)) };
    // Not repeated: a second call would be told that the channel is deleted already.
    const gone = await callIndex(c.env, (index) => index.delete(number), unclear("GET the channel to see", false));
    return map(gone, () => ({ channel_id: id }));
  }),
});

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
  const caller = { key, kind, verified: false, admin: true };
  const named =
    command.action === "send" && command.client_msg_id !== undefined ? { client_msg_id: command.client_msg_id } : {};
  const answer = await callChannel(
    c.env,
    channel_id,
    (channel) => channel.command(caller, command, named),
    outcomeOf(command),
  );
  return map(answer, (done: CommandAnswer) => {
    if (done.type === "sent") return `{"message":${done.message},${JSON.stringify(done.extras).slice(1)}`;
    const { type: _type, ...position } = done;
    return { channel_id, ...position };
  });
}

/** The body of a moderation: an admin needs no key of its own. */
interface Moderator {
  readonly channel_id: string;
  readonly key?: string | undefined;
}

function moderate(
  c: HubContext,
  { channel_id, key = "admin" }: Moderator,
  command: ModerationCommand,
): Promise<Result<object | string>> {
  return change(c, { channel_id, key }, command);
}

/** A leave that is repeated would be told that it is no participant; the others do no harm twice. */
function outcomeOf(command: Change): CallOptions {
  const id = command.action === "send" ? command.client_msg_id : undefined;
  const how = id === undefined ? "repeat it" : "repeat it with the same client_msg_id, within 4 minutes";
  return unclear(how, command.action !== "leave", id === undefined ? {} : { client_msg_id: id });
}
