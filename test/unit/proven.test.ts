/** What a channel remembers of proofs: no way back from a proven key, each nonce once (IDN1, IDN2). */
import { expect, test } from "vitest";
import type { Caller } from "../../src/channel/index.ts";
import { ChannelFixture, messageIn, refusalOf, sent } from "../support/channel-fixture.ts";

const plain: Caller = { key: "bravo", verified: false };
const proven: Caller = { key: "bravo", verified: true };

function signed(nonce: string): Caller {
  return { ...proven, nonce };
}

const MISMATCH = "identity_mismatch key was proven on this hub";
const REPLAY = "replay this signed request or ticket was used before";

test.each([
  ["join", (channel: ChannelFixture) => channel.join(proven)],
  ["send", (channel: ChannelFixture) => channel.send(proven, "hi")],
  ["read", (channel: ChannelFixture) => channel.read(proven, 1)],
  ["refused send", (channel: ChannelFixture) => channel.send(proven, "hi", { reply_to: 99 })],
] as const)("[IDN1] after a proven %s nothing is taken plainly under that key, a sleep included", (_what, prove) => {
  const channel = new ChannelFixture();
  expect(channel.join(plain).type).toBe("joined");
  prove(channel);
  for (const wakes of [0, 1]) {
    if (wakes === 1) channel.reload();
    const before = channel.last().seq;
    for (const refused of [channel.join(plain), channel.send(plain, "x"), channel.read(plain, 1), channel.leave(plain)])
      expect(refusalOf(refused)).toContain(MISMATCH);
    expect(channel.last().seq).toBe(before);
  }
});

test("[IDN1] a proof that was rolled back proves nothing", () => {
  const channel = new ChannelFixture();
  channel.join(plain);
  channel.decide(proven, { action: "read", seq: 1 });
  channel.crash();
  expect(messageIn(channel.send(plain, "still plain")).verified).toBe(false);
});

test("[IDN1] one who left proven is not impersonated by one who joins plainly", () => {
  const channel = new ChannelFixture();
  channel.join(proven);
  channel.leave(proven);
  channel.reload();
  expect(refusalOf(channel.join(plain))).toContain(MISMATCH);
});

test("[IDN1] a creator that was proven is proven from the first message on", () => {
  const channel = new ChannelFixture({ creator_verified: true });
  expect(refusalOf(channel.send("alpha", "x"))).toContain(MISMATCH);
  expect(channel.send({ key: "alpha", verified: true }, "x").type).toBe("sent");
});

test("[IDN2] a nonce counts once for join, read and leave together, also after a sleep and a leave", () => {
  const channel = new ChannelFixture();
  expect(channel.join(signed("n-1")).type).toBe("joined");
  expect(refusalOf(channel.join(signed("n-1")))).toContain(REPLAY);
  expect(refusalOf(channel.leave(signed("n-1")))).toContain(REPLAY);
  expect(channel.leave(signed("n-2")).type).toBe("left");
  channel.reload();
  for (const nonce of ["n-1", "n-2"]) expect(refusalOf(channel.join(signed(nonce)))).toContain(REPLAY);
  expect(channel.join(signed("n-3")).type).toBe("joined");
  channel.reload();
  for (const nonce of ["n-1", "n-2", "n-3"]) expect(refusalOf(channel.read(signed(nonce), 1))).toContain(REPLAY);
});

test("[IDN2] the replay is told before membership is looked at", () => {
  const channel = new ChannelFixture();
  channel.join(signed("n-1"));
  channel.leave(signed("n-2"));
  expect(refusalOf(channel.leave(signed("n-2")))).toContain(REPLAY);
  expect(refusalOf(channel.leave(signed("n-4")))).toContain("not_participant");
});

test("[IDN2] a send takes no nonce: its replay is found by its id", () => {
  const channel = new ChannelFixture();
  channel.join(signed("n-1"));
  const [first, again] = [1, 2].map(() => sent(channel.send(signed("n-2"), "hi", { client_msg_id: "n-2" })));
  expect([first?.duplicate, again?.duplicate]).toEqual([false, true]);
  expect(channel.stored.get("bravo")?.nonces).toEqual([{ nonce: "n-1", at: channel.now }]);
});

test("[IDN2] a nonce is kept for 160 s, longer than any signature lives, and then forgotten", () => {
  const channel = new ChannelFixture();
  channel.join(signed("n-1"));
  channel.now += 160_000;
  expect(refusalOf(channel.read(signed("n-1"), 1))).toContain(REPLAY);
  channel.now += 1;
  expect(channel.read(signed("n-1"), 1).type).toBe("read");
  expect(channel.stored.get("bravo")?.nonces).toEqual([{ nonce: "n-1", at: channel.now }]);
});

test("[IDN2] a participant's row holds 256 nonces; beyond that it is told when to come back", () => {
  const channel = new ChannelFixture();
  channel.join(signed("n-0"));
  channel.now += 1000;
  for (let n = 1; n < 256; n++) expect(channel.read(signed(`n-${n}`), 1).type).toBe("read");
  const refused = channel.read(signed("more"), 1);
  expect(refusalOf(refused)).toContain("rate_limited a key may make 256 signed joins, leaves and reads in 160 s");
  expect(refused).toMatchObject({ refusal: { retry_after_ms: 159_001 } });
  expect(channel.send(signed("more"), "sends take none").type).toBe("sent");
  channel.now += 159_001;
  expect(channel.read(signed("more"), 1).type).toBe("read");
});

test("[IDN3] a plain ticket counts once, also when its agent has left; then its row goes", () => {
  const channel = new ChannelFixture();
  const ticket = { ...plain, nonce: "t-1" };
  channel.join(ticket);
  channel.leave(plain);
  expect(refusalOf(channel.join(ticket))).toContain(REPLAY);
  expect(channel.stored.has("bravo")).toBe(true);
  channel.now += 160_001;
  channel.join("carol");
  channel.leave("carol");
  expect([...channel.stored.keys()]).toEqual(["alpha"]);
});
