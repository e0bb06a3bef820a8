/** Where the original is broken: each defect that concerns the hub, shown not to be here (SEED §6). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, call, createChannel, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { connected, history, post, send, sendMany, skip, startHub, summaryOf, textsOf } from "./support/hub-calls.ts";
import { endCalmly, expectRefusal } from "./support/refusals.ts";

let hub: HubProcess;
beforeAll(async () => {
  hub = await startHub();
});
afterAll(() => endCalmly(hub));

test("[SEED §6] every frame of a session is an envelope of type and data", async () => {
  const id = await createChannel(hub.url);
  const alpha = await Agent.connect(hub.url, id, "key=alpha");
  const bravo = await connected(hub.url, id, "key=bravo");
  await bravo.ask({ action: "send", text: "live" });
  await bravo.ask({ action: "leave" });
  for (const command of [
    { action: "send", text: "x" },
    { action: "history" },
    { action: "read", seq: 1 },
    { action: "dance" },
  ])
    alpha.say(command);
  const frames: Json[] = [];
  while (frames.length < 8) frames.push(await alpha.next());
  expect(frames.map((frame) => frame.type)).toEqual([
    "history",
    "system",
    "message",
    "system",
    "ack",
    "history",
    "system",
    "error",
  ]);
  for (const frame of frames) expect(frame).toHaveProperty("data");
  await alpha.close();
});

test("[SEED §6] [SOC1] two sockets of a key both live, and closing the older leaves the newer alone", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  const [older, newer] = [
    await connected(hub.url, id, "key=bravo&name=BRAVO"),
    await connected(hub.url, id, "key=bravo&name=BRAVO"),
  ];
  await send(hub.url, id, { text: "to both" });
  for (const socket of [older, newer])
    expect(await socket.next()).toMatchObject({ type: "message", data: { text: "to both" } });
  await older.close();
  expect(await summaryOf(hub.url, id)).toMatchObject({
    connected_count: 2,
    participants: [{}, { key: "bravo", connected: true }],
  });
  await skip(alpha, 1);
  await alpha.ask({ action: "send", text: "to the newer" });
  expect(await newer.next()).toMatchObject({ data: { text: "to the newer" } });
  expect(await newer.ask({ action: "send", text: "from the newer" })).toMatchObject({ type: "ack" });
});

test("[SEED §6] [SOC2] snapshot and live frames meet without a loss or a double while others write", async () => {
  const id = await createChannel(hub.url);
  const alpha = await connected(hub.url, id, "key=alpha");
  const writing = sendMany(alpha, 300);
  const readers = await Promise.all(
    Array.from({ length: 6 }, (_, at) => Agent.connect(hub.url, id, `key=reader-${at}&after=0`)),
  );
  await writing;
  await send(hub.url, id, { text: "last" });
  for (const reader of readers) {
    const seqs = (await reader.next()).data.map((message: Json) => message.seq);
    for (let isLast = false; !isLast;) {
      const { data } = await reader.next();
      seqs.push(data.seq);
      isLast = data.text === "last";
    }
    expect(seqs).toEqual(seqs.map((_: number, at: number) => at + 1));
    await reader.close();
  }
});

const FORGED: readonly (readonly [string, object, string])[] = [
  ["msg_type system", { msg_type: "system" }, "400 reserved_msg_type"],
  ["the key system", { key: "system" }, "400 bad_key"],
  ["the name System", { name: "System" }, "400 bad_name"],
];

test.each(FORGED)("[SEED §6] [IDN4] %s cannot be claimed in a send", async (_what, fields, is) => {
  const id = await createChannel(hub.url);
  expectRefusal(await send(hub.url, id, fields), { is, says: "system" });
  const alpha = await connected(hub.url, id, "key=alpha");
  if (!("key" in fields)) {
    expect(await alpha.ask({ action: "send", text: "x", ...fields })).toMatchObject({
      type: "error",
      code: is.split(" ")[1],
    });
  }
  expect(await textsOf(hub.url, id)).toHaveLength(1);
});

test.each(["é", "日本", "ключ", "🦀🦀🦀🦀", "abcdefg\u00e9"])(
  "[SEED §6] the multi-byte key %s is refused everywhere, and the hub lives on",
  async (key) => {
    const id = await createChannel(hub.url);
    const refused = { is: "400 bad_key", says: "key must be 1 to 128 of the characters" };
    for (const action of ["create", "join", "leave", "send", "read"]) {
      expectRefusal(await post(hub.url, action, { channel_id: id, name: "x", text: "x", seq: 1, key }), refused);
    }
    const upgrade = await Agent.connect(hub.url, id, `key=${encodeURIComponent(key)}`).catch(
      (error: unknown) => error as Json,
    );
    expectRefusal(upgrade, refused);
    expect(await send(hub.url, id)).toMatchObject({ status: 200 });
  },
);

test.each(["José", "日本", "Zoë 🦀", "Ω≈ç√", "👩‍👩‍👧"])(
  "[SEED §6] the name %s arrives as it was sent, percent-encoded as UTF-8 or in a body",
  async (name) => {
    const id = await createChannel(hub.url, name, "alpha", name);
    const bravo = await connected(hub.url, id, `key=bravo&name=${encodeURIComponent(name)}`);
    expect((await bravo.ask({ action: "send", text: name })).data).toMatchObject({ from_name: name, text: name });
    expect(await summaryOf(hub.url, id)).toMatchObject({ name, participants: [{ name }, { name }] });
    expect((await textsOf(hub.url, id)).slice(0, 2)).toEqual([
      `Channel '${name}' created by ${name}`,
      `${name} joined the channel`,
    ]);
  },
);

test.each(["%", "%zz", "%e", "%ff", "Jos%E9", "%ED%A0%80"])(
  "[SEED §6] the malformed percent-encoding %s is the caller's fault, in query and path",
  async (encoded) => {
    const id = await createChannel(hub.url);
    const refused = { is: "400 bad_request", says: "malformed percent-encoding" };
    const upgrade = await Agent.connect(hub.url, id, `key=bravo&name=${encoded}`).catch(
      (error: unknown) => error as Json,
    );
    expectRefusal(upgrade, refused);
    expectRefusal(await call(hub.url, `/api/channel/${id}/history?limit=${encoded}`), refused);
    expectRefusal(await call(hub.url, `/api/channel/list?key=${encoded}`), refused);
    expectRefusal(await call(hub.url, `/api/channel/${encoded}/history`), {
      is: "404 channel_not_found",
      says: "Channel not found",
    });
  },
);

test("[SEED §6] [SOC4] after leave a join on the same socket restores delivery", async () => {
  const id = await createChannel(hub.url);
  const [alpha, bravo] = [
    await connected(hub.url, id, "key=alpha"),
    await connected(hub.url, id, "key=bravo&name=BRAVO"),
  ];
  expect(await bravo.ask({ action: "leave" })).toMatchObject({ data: "Left channel" });
  await skip(alpha, 2);
  await alpha.ask({ action: "send", text: "not for bravo" });
  const back = await bravo.ask({ action: "join" });
  expect(back).toMatchObject({ type: "system", data: "Joined", seq: 5, epoch: expect.stringMatching(/^[0-9a-f]+$/) });
  await skip(alpha, 1);
  await alpha.ask({ action: "send", text: "for bravo" });
  expect(await bravo.next()).toMatchObject({ type: "message", data: { text: "for bravo", seq: 6 } });
  expect(await bravo.ask({ action: "send", text: "from bravo" })).toMatchObject({ type: "ack" });
});

test("[SEED §6] [DUR3] client_msg_id and ref are echoed, and a retry is no second message", async () => {
  const id = await createChannel(hub.url);
  const [alpha, bravo] = [await connected(hub.url, id, "key=alpha"), await connected(hub.url, id, "key=bravo")];
  await alpha.next();
  const sending = { action: "send", text: "once", client_msg_id: "a-1", ref: "r-1" };
  const first = await alpha.ask(sending);
  expect(first).toMatchObject({
    type: "ack",
    ref: "r-1",
    client_msg_id: "a-1",
    duplicate: false,
    data: { client_msg_id: "a-1" },
  });
  expect(await alpha.ask({ ...sending, ref: "r-2" })).toMatchObject({
    ref: "r-2",
    duplicate: true,
    delivered: 0,
    data: first.data,
  });
  const overHttp = await call(hub.url, "/api/channel/send", {
    body: { channel_id: id, key: "alpha", text: "once" },
    headers: { "idempotency-key": "a-1" },
  });
  expect(overHttp.body).toMatchObject({ ok: true, duplicate: true, message: first.data });
  expect(await bravo.next()).toMatchObject({ data: { text: "once" } });
  expect(await bravo.quiet()).toEqual([]);
});

test("[SEED §6] [DUR3] a retry gets its first ack even after its author left", async () => {
  const id = await createChannel(hub.url);
  const first = await send(hub.url, id, { client_msg_id: "a-1" });
  await post(hub.url, "leave", { channel_id: id, key: "alpha" });
  expect((await send(hub.url, id, { client_msg_id: "a-1" })).body).toMatchObject({
    ok: true,
    duplicate: true,
    message: first.body.message,
  });
});

test("[SEED §6] [DUR3] a create with the same Idempotency-Key makes one channel", async () => {
  const create = (name: string): ReturnType<typeof call> =>
    call(hub.url, "/api/channel/create", { body: { name, key: "alpha" }, headers: { "idempotency-key": "c-1" } });
  const made = await create("once");
  expect((await create("once")).body).toEqual(made.body);
  expectRefusal(await create("other"), { is: "409 idempotency_conflict", says: "Idempotency-Key" });
});

test.each(["toolresult", "tool_result", "toolResult", "ToolResult"])(
  "[SEED §6] msg_type %s is understood and is toolresult on the wire",
  async (msg_type) => {
    const id = await createChannel(hub.url);
    const [alpha, bravo] = [await connected(hub.url, id, "key=alpha"), await connected(hub.url, id, "key=bravo")];
    await alpha.next();
    expect((await alpha.ask({ action: "send", text: "42", msg_type })).data.msg_type).toBe("toolresult");
    expect((await send(hub.url, id, { text: "43", msg_type })).body.message.msg_type).toBe("toolresult");
    expect([await bravo.next(), await bravo.next()]).toMatchObject([
      { data: { msg_type: "toolresult" } },
      { data: { msg_type: "toolresult" } },
    ]);
    expect((await history(hub.url, id, "?limit=2")).messages).toMatchObject([
      { msg_type: "toolresult" },
      { msg_type: "toolresult" },
    ]);
  },
);

test("[SEED §6] [SOC6] a reader that does not read is bounded and told so; the writer never waits, and nothing is lost", async () => {
  const id = await createChannel(hub.url);
  const reader = await connected(hub.url, id, "key=bravo");
  reader.socket.pause();
  const text = "x".repeat(64 * 1024);
  for (let sent = 0; sent < 300; sent++)
    expect(await call(hub.url, "/api/channel/send", { body: { channel_id: id, key: "alpha", text } })).toMatchObject({
      status: 200,
    });
  reader.socket.resume();
  const seqs: number[] = [];
  // It has 16 MiB, and gets the rest as its pings show that it reads.
  const pings = setInterval(() => reader.say("ping"), 500);
  while (seqs.at(-1) !== 302) {
    const frame = await reader.next();
    if (frame.type === "message") seqs.push(frame.data.seq);
    if (frame === "pong") expect(seqs.length).toBeGreaterThan(200);
  }
  clearInterval(pings);
  expect(seqs).toEqual(Array.from({ length: 300 }, (_, at) => at + 3));
});
