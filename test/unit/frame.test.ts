/** What the hub says: each encoder's text, as JSON, is the member of the `Frame` union it stands for. */
import { expect, test } from "vitest";
import {
  ackFrame,
  type AckExtras,
  batchFrame,
  errorFrame,
  type Frame,
  type HistoryMeta,
  historyFrame,
  laggingFrame,
  type Message,
  messageFrame,
  refusal,
  replyFrame,
  statusOf,
  systemFrame,
} from "../../src/protocol/index.ts";

const MESSAGE: Message = {
  id: "msg-1767323045678-7000000000003",
  channel_id: "ch-7",
  seq: 3,
  from: "alpha",
  from_name: "ALPHA",
  text: 'a "quote", a \\ and\na line, },{ [ ] \u2028 日本 😀',
  timestamp: "2026-01-02T03:04:05.678Z",
  msg_type: "text",
  verified: false,
  mentions: ["bravo"],
  reply_to: 2,
  client_msg_id: "a-1",
};
const STORED = JSON.stringify(MESSAGE);
const META: HistoryMeta = {
  epoch: "e",
  first_seq: 1,
  last_seq: 3,
  gap: { from: 1, to: 2, reason: "evicted" },
  complete: true,
};
const ACK: AckExtras = {
  duplicate: false,
  delivered: 2,
  offline: ["bravo"],
  unresolved: [{ name: "X", candidates: ["c", "d"] }],
};
const SYSTEM: Message = { ...MESSAGE, from: "system", from_name: "System", msg_type: "system", verified: true };

const FRAMES: readonly (readonly [string, Frame])[] = [
  [messageFrame(STORED), { type: "message", data: MESSAGE }],
  [systemFrame(JSON.stringify(SYSTEM)), { type: "system", data: SYSTEM }],
  [
    replyFrame("Joined", { seq: 5, epoch: "e", ref: "r" }),
    { type: "system", data: "Joined", seq: 5, epoch: "e", ref: "r" },
  ],
  [replyFrame("Left channel", { seq: 6 }), { type: "system", data: "Left channel", seq: 6 }],
  [replyFrame("Read", { seq: 6, ref: "r" }), { type: "system", data: "Read", seq: 6, ref: "r" }],
  [ackFrame(STORED, ACK), { type: "ack", data: MESSAGE, ...ACK }],
  [
    ackFrame(STORED, { ref: "r", client_msg_id: "a-1", ...ACK }),
    { type: "ack", data: MESSAGE, ref: "r", client_msg_id: "a-1", ...ACK },
  ],
  [historyFrame("", META), { type: "history", data: [], meta: META }],
  [
    historyFrame(`${STORED},\n${STORED}`, META, "r"),
    { type: "history", data: [MESSAGE, MESSAGE], meta: META, ref: "r" },
  ],
  [batchFrame([]), { type: "batch", data: [] }],
  [laggingFrame(418), { type: "lagging", data: { last_seq: 418 } }],
  [errorFrame(refusal("bad_text", "no")), { type: "error", data: "no", code: "bad_text", fatal: false }],
];

test.each(FRAMES)("a frame is one JSON object of its documented shape (%#)", (text, frame) => {
  expect(JSON.parse(text)).toStrictEqual(frame);
  expect(Object.keys(JSON.parse(text) as object).slice(0, 2)).toEqual(["type", "data"]);
});

test("[SOC7] a batch holds the frames as they are, in order", () => {
  const frames = FRAMES.map(([text]) => text);
  expect(JSON.parse(batchFrame(frames))).toStrictEqual({ type: "batch", data: FRAMES.map(([, frame]) => frame) });
});

test("a message stands in its frames byte for byte as it is stored", () => {
  const spaced = '{ "seq" : 3, "text":"\\u0041" }';
  const frames = [messageFrame(spaced), systemFrame(spaced), ackFrame(spaced, ACK), historyFrame(spaced, META)];
  for (const frame of frames) expect(frame).toContain(spaced);
});

test("an error names its command and says how to go on", () => {
  const why = refusal("rate_limited", "slow down", { hint: "wait", retry_after_ms: 40 });
  const frame = errorFrame(why, { ref: "r", client_msg_id: "a-1" }, true);
  const told = {
    type: "error",
    data: "slow down",
    code: "rate_limited",
    fatal: true,
    hint: "wait",
    retry_after_ms: 40,
  };
  expect(JSON.parse(frame)).toStrictEqual({ ...told, ref: "r", client_msg_id: "a-1" });
});

test("a refusal has its status over HTTP", () => {
  expect(statusOf(refusal("text_too_large", ""))).toBe(413);
  expect(statusOf(refusal("not_participant", ""))).toBe(403);
});

test("a reply without `ref` holds none, one with it ends with it", () => {
  expect(JSON.parse(historyFrame(STORED, META))).toStrictEqual({ type: "history", data: [MESSAGE], meta: META });
  expect(JSON.parse(historyFrame("", META, "r-1"))).toStrictEqual({
    type: "history",
    data: [],
    meta: META,
    ref: "r-1",
  });
  const extras: AckExtras = { duplicate: false, delivered: 2, offline: [], unresolved: [] };
  expect(ackFrame(STORED, extras)).toBe(`{"type":"ack","data":${STORED},${JSON.stringify(extras).slice(1)}`);
});
