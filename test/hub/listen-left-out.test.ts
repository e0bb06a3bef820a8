/** A listen to all channels of a key that is in more than one listen takes (LIS1): nothing goes unheard unnoticed. */
import { expect, test } from "vitest";
import { call, createChannel, type Json, send } from "./support/hub.ts";

const MANY = 18;

async function toolSays(args: object): Promise<string> {
  const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "spf_channel", arguments: args } };
  const { result } = await call("/mcp", body);
  return (result as { content: { text: string }[] }).content[0]?.text ?? "";
}

test("[T28] [LIS1] a listen takes the channels in which something was said last, and names those it left out", async () => {
  const victim = "victim-of-many";
  const home = await createChannel("home", "friend");
  await call("/api/channel/join", { channel_id: home, key: victim });
  // Whoever claims a key may put it into channels that it never asked for.
  const made: string[] = [];
  for (let n = 0; n < MANY; n++) made.push(await createChannel(`trap ${n}`, "attacker"));
  for (const channel_id of made) await call("/api/channel/join", { channel_id, key: victim });
  const quiet = await call(`/api/listen?key=${victim}&for=me`);
  expect(quiet.left_out).toMatchObject({ count: 3 });
  expect((quiet.left_out as { channels: string[] }).channels).toContain(home);
  await send(home, "friend", "@victim-of-many are you there?");
  const heard = await call(`/api/listen?key=${victim}&for=me`);
  expect((heard.channels as Json[]).map(({ channel_id }) => channel_id)).toEqual([home]);
  expect(heard.left_out).toMatchObject({ count: 3 });
  expect(JSON.stringify(heard.left_out)).not.toContain(`"${home}"`);
  const said = await toolSays({ action: "listen", key: victim, for: "me" });
  expect(said).toContain("are you there?");
  expect(said).toMatch(/^Not listened to: 3 channels, ch-\d+, ch-\d+, ch-\d+; listen with channel, or leave some\.$/m);
  expect(await toolSays({ action: "status", key: victim })).toMatch(/: not looked at$/m);
  for (const channel_id of made.slice(0, 3)) await call("/api/channel/leave", { channel_id, key: victim });
  expect(await call(`/api/listen?key=${victim}&for=me`)).not.toHaveProperty("left_out");
});
