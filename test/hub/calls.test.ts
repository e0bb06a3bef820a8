/** The Worker's calls when an object fails under them. */
import { expect, test } from "vitest";
import { Channel } from "../../src/hub/index.ts";
import { call, createChannel, history, type Json, send } from "./support/hub.ts";

/** Lets the first `times` commands take effect and then loses their answers, as a reset would. */
async function losingAnswers(times: number, fault: object, work: () => Promise<void>): Promise<void> {
  const { command } = Channel.prototype;
  let lost = 0;
  Channel.prototype.command = async function unreliable(this: Channel, ...asked: Parameters<typeof command>) {
    const answer = await command.apply(this, asked);
    if (lost++ < times) throw Object.assign(new Error("the object was reset"), fault);
    return answer;
  };
  try {
    await work();
  } finally {
    Channel.prototype.command = command;
  }
}

test("[DUR3] a send whose answer was lost is repeated with its id: once stored, acknowledged", async () => {
  const id = await createChannel();
  await losingAnswers(1, {}, async () => {
    const sent = await send(id, "alpha", "once");
    expect(sent).toMatchObject({ ok: true, duplicate: true, message: { text: "once", seq: 2 } });
  });
  expect((await history(id)).meta.last_seq).toBe(2);
});

test("[DUR3] a send that fails twice says so, with the id to repeat it with", async () => {
  const id = await createChannel();
  let unknown: Json;
  await losingAnswers(2, {}, async () => {
    unknown = await send(id, "alpha", "once");
  });
  expect(unknown).toMatchObject({ ok: false, code: "outcome_unknown" });
  expect(unknown.retry_after_ms).toBeGreaterThan(0);
  expect(await send(id, "alpha", "once", { client_msg_id: unknown.client_msg_id })).toMatchObject({ duplicate: true });
});

test("[DUR3] an overloaded object is not asked again", async () => {
  const id = await createChannel();
  await losingAnswers(1, { overloaded: true }, async () => {
    expect(await send(id, "alpha", "once")).toMatchObject({ code: "overloaded" });
  });
});

test("[DUR4] a disk that is full at both attempts has stored nothing; at one of them, nobody can tell", async () => {
  const full = { message: "database or disk is full: SQLITE_FULL" };
  const outcomes = [
    [[full, full], "storage_unavailable"],
    [[{}, full], "outcome_unknown"],
    [[full, {}], "outcome_unknown"],
  ] as const;
  const { command } = Channel.prototype;
  for (const [faults, code] of outcomes) {
    const id = await createChannel();
    const left = [...faults];
    Channel.prototype.command = () => Promise.reject(Object.assign(new Error("the object was reset"), left.shift()));
    const refused = await send(id, "alpha", "x").finally(() => (Channel.prototype.command = command));
    expect(refused).toMatchObject({ ok: false, code });
    expect(refused.retry_after_ms).toBeGreaterThan(0);
  }
});

test("[DUR3] a leave whose answer was lost is not repeated: it would be told it is no participant", async () => {
  const id = await createChannel();
  await losingAnswers(1, {}, async () => {
    expect(await call("/api/channel/leave", { channel_id: id, key: "alpha" })).toMatchObject({
      code: "outcome_unknown",
    });
  });
});
