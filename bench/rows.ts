/** Rows that messages cost, from a hub that counts them. */
import type { Bench } from "./bench.ts";
import type { Work } from "./load.ts";
import { ask, fill, type Frames, hubSpeech, makeChannel, startWorker, target } from "./servers.ts";
import type { HubProcess } from "../test/support/process/hub-process.ts";

export interface Counts {
  readonly written: number;
  readonly read: number;
  readonly made: number;
  readonly statements: Readonly<Record<string, number>>;
}

export async function countsOf(hub: HubProcess): Promise<Record<"channel" | "index", Counts>> {
  return (await ask(hub, "/counts")) as unknown as Record<"channel" | "index", Counts>;
}

/** What the channel objects were billed for while `work` was done. */
export async function countRows(
  hub: HubProcess,
  work: () => Promise<void>,
): Promise<{ readonly written: number; readonly read: number; readonly index_written: number; readonly made: number }> {
  const before = await countsOf(hub);
  await work();
  const after = await countsOf(hub);
  return {
    written: after.channel.written - before.channel.written,
    read: after.channel.read - before.channel.read,
    index_written: after.index.written - before.index.written,
    made: after.channel.made - before.channel.made,
  };
}

/** Rows written a message, by frames, with a full ring. */
export async function rowsPerMessage(bench: Bench, work: Work): Promise<Record<Frames, number>> {
  await using hub = await startWorker("counted-hub", "memory");
  const first = await makeChannel(hub, work.links);
  await fill(bench.load, hub, first);
  // A first connect writes what it says of its participant, which is no message's cost.
  await bench.load.messages(target(hub, hubSpeech("single")), {
    links: work.links,
    first,
    rate: 1,
    warm: 0,
    measure: 0,
  });
  const measure = async (frames: Frames): Promise<number> => {
    let messages = 0;
    const { written } = await countRows(hub, async () => {
      const figures = await bench.load.messages(target(hub, hubSpeech(frames)), { ...work, first, warm: 0 });
      ({ messages } = figures);
    });
    return written / messages;
  };
  return { single: await measure("single"), batch: await measure("batch") };
}
