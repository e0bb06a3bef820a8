/** The table of everything that can go wrong is sane, and says what PROTOCOL.md's list of close codes says. */
import { expect, test } from "vitest";
import {
  channelDeleted,
  channelNotFound,
  closeCode,
  type ErrorCode,
  ERRORS,
  map,
  mayReconnect,
  notParticipant,
  ok,
  refuse,
} from "../../src/protocol/index.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];

/** Codes that never stand in a close frame: RFC 6455 §7.4.1. */
const NEVER_SENT = [1004, 1005, 1006, 1015];

test.each(CODES)("%s has a legal status, a legal close code and a line for people", (code) => {
  const { status, means } = ERRORS[code];
  const close = closeCode(code);
  expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true);
  expect(Number.isInteger(close) && close >= 1000 && close <= 4999).toBe(true);
  expect(NEVER_SENT).not.toContain(close);
  expect(means).toMatch(/^\S.{9,}$/);
});

test("a status tells what its range says: 429 and 5xx may be tried again, unless the owner must act first; the other 4xx may not", () => {
  const retried = CODES.filter((code) => ERRORS[code].retry);
  const waitForTheOwner: ReadonlySet<ErrorCode> = new Set(["hub_not_configured", "storage_unreadable"]);
  const expected = CODES.filter((code) => ERRORS[code].status >= 429 && !waitForTheOwner.has(code));
  expect(retried).toEqual(expected);
});

test.each([1001, 1006, 1011, 1012, 1013, 4008, 4029, 4000, 4499])("a client reconnects after %i", (close) => {
  expect(mayReconnect(close)).toBe(true);
});

test.each([1009, 4501, 4503, 4504, 4509, 4500, 4999])("a client stops after %i", (close) => {
  expect(mayReconnect(close)).toBe(false);
});

test("where a code closes the connection, `retry` and the close code agree", () => {
  const closing = CODES.filter((code) => "close" in ERRORS[code]);
  expect(closing.length).toBeGreaterThan(0);
  for (const code of closing) expect(mayReconnect(closeCode(code)), code).toBe(ERRORS[code].retry);
});

test.each([
  ["slow_reader", 4008],
  ["flooding", 4029],
  ["frame_too_large", 1009],
  ["channel_deleted", 4504],
  ["channel_not_found", 4504],
  ["replaced", 4509],
  ["internal", 1011],
  ["bad_text", 1011],
] as const)("%s ends a connection with %i", (code, close) => {
  expect(closeCode(code)).toBe(close);
});

test.each([
  ["not_participant", 403],
  ["channel_not_found", 404],
  ["channel_deleted", 410],
  ["method_not_allowed", 405],
  ["upgrade_required", 426],
  ["idempotency_conflict", 409],
  ["text_too_large", 413],
  ["bad_limit", 400],
  ["outcome_unknown", 503],
  ["storage_unavailable", 503],
  ["hub_not_configured", 503],
  ["secret_in_url", 400],
  ["too_many_sockets", 429],
] as const)("%s is status %i", (code, status) => {
  expect(ERRORS[code].status).toBe(status);
});

test("the seed's refusals keep its words, and the hint says what to do", () => {
  expect(channelNotFound("ch-9")).toMatchObject({ code: "channel_not_found", error: "Channel not found: ch-9" });
  expect(channelDeleted("ch-9")).toMatchObject({ code: "channel_deleted", error: "Channel deleted: ch-9" });
  expect(notParticipant("ch-1")).toMatchObject({ code: "not_participant", error: "Not a participant in channel ch-1" });
  for (const why of [channelNotFound("x"), channelDeleted("x"), notParticipant("x")]) expect(why.hint).toMatch(/\w/);
});

test("a result is changed by `map` only when it is one", () => {
  expect(map(ok(2), (value) => value + 1)).toEqual({ ok: true, value: 3 });
  const no = refuse<number>("internal", "no");
  expect(map(no, (value) => value + 1)).toBe(no);
});
