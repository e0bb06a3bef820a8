/** Which channel a call means: by id, by name, or left out. */
import { expect, test } from "vitest";
import { ALPHA, asking } from "../support/ask-tool.ts";
import { MemoryHub } from "../support/memory-hub.ts";

test("a channel is found by its id in any case, and by its name, exact before folded", async () => {
  const hub = new MemoryHub();
  hub.make("Ops", "ALPHA");
  hub.make("ops", "ALPHA");
  hub.make("Straße", "ALPHA");
  const ask = asking(hub, ALPHA);
  const sentTo = async (channel: string): Promise<string> =>
    / (ch-\d+)[ :]/.exec(await ask({ action: "send", channel, text: "hi" }))?.[1] ?? "";
  expect(await sentTo("CH-2")).toBe("ch-2");
  expect(await sentTo("Ops")).toBe("ch-1");
  expect(await sentTo(" ops ")).toBe("ch-2");
  expect(await sentTo("STRASSE")).toBe("ch-3");
});

test("an id is never taken for a name", async () => {
  const hub = new MemoryHub();
  hub.make("ch-9", "ALPHA");
  expect(await asking(hub, ALPHA)({ action: "send", channel: "ch-9", text: "hi" })).toBe(
    'Error channel_not_found: Channel not found: ch-9.\nNext: {"action":"list"}',
  );
});

test("a name that several carry is not guessed at; their ids are named", async () => {
  const hub = new MemoryHub();
  for (const name of ["ops", "OPS"]) hub.make(name, "ALPHA");
  expect(await asking(hub, ALPHA)({ action: "who", channel: "Ops" })).toBe(
    'Error bad_request: several channels are called so, say which by its id: ch-1 "ops", ch-2 "OPS".\nExample: {"action":"who","channel":"ch-1"}',
  );
});

test("the agent's own channel comes before another of the same name", async () => {
  const hub = new MemoryHub();
  hub.make("ops", "BRAVO");
  hub.make("ops", "ALPHA");
  const ask = asking(hub, ALPHA);
  expect(await ask({ action: "send", channel: "ops", text: "hi" })).toMatch(/^Sent \[2\] to ch-2 /);
  expect(await asking(hub)({ action: "who", channel: "ops" })).toMatch(/^Error bad_request: several channels/);
});

test("an unknown name is answered with the channels there are", async () => {
  const hub = new MemoryHub();
  const ask = asking(hub, ALPHA);
  const none = 'Error channel_not_found: no channel is called "opz"; there is none yet.\nNext: {"action":"list"}';
  expect(await ask({ action: "join", channel: "opz" })).toBe(none);
  for (let at = 0; at < 10; at++) hub.make(`room ${at}`, "BRAVO");
  expect(await ask({ action: "join", channel: "opz" })).toMatch(
    /^Error channel_not_found: no channel is called "opz"; there are ch-1 "room 0", .*ch-8 "room 7", …2 more\.\nNext: /,
  );
});

test("a name is looked for on every page of the list", async () => {
  const hub = new MemoryHub();
  for (let at = 1; at <= 1001; at++) hub.make(`room ${at}`, "BRAVO");
  expect(await asking(hub, ALPHA)({ action: "join", channel: "room 1001" })).toMatch(/^Joined ch-1001 "room 1001"\./);
});

test("the channel may be left out by an agent that is in just one", async () => {
  const hub = new MemoryHub();
  const ask = asking(hub, ALPHA);
  const send = { action: "send", text: "hi" };
  expect(await ask(send)).toBe(
    'Error not_participant: send needs channel: you are in none; list shows the channels, join enters one.\nNext: {"action":"list"}',
  );
  hub.make("ops", "ALPHA");
  hub.make("other", "BRAVO");
  expect(await ask(send)).toMatch(/^Sent \[2\] to ch-1 "ops": reached nobody yet\.\n/);
  hub.make("lab", "ALPHA");
  expect(await ask(send)).toBe(
    'Error bad_request: you are in several channels, say which by its id: ch-1 "ops", ch-3 "lab".\nExample: {"action":"send","channel":"ch-1","text":"@BRAVO please review"}',
  );
});
