/** Real clients, a bad network, a real hub: every application is told everything, once and in order. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeNetwork, FORGETFUL, runNetworkRig } from "../support/network/rig.ts";
import { lengthOf } from "../support/length.ts";
import { buildWorker, type Patch } from "../support/process/build.ts";

const CUTS = lengthOf({ short: 40, long: 200 });
const MESSAGES = 10 * CUTS;
/** Builds that misbehave get fewer: both show within the first cuts. */
const CONTROL = { cuts: 20, messages: 200 };
/** Whether a cut takes an ack away is chance, so a run may lose none: then another is tried. */
const RUNS_MOST = 5;
/** `NETWORK_SEED` repeats a run's dice, though not its timing. */
const seed = Number(process.env["NETWORK_SEED"] ?? Date.now() % 1_000_000);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "channel-hub-network-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function patched(patch: Patch, ...more: readonly Patch[]): Promise<string> {
  const worker = join(directory, `${patch.file.replaceAll("/", "-")}.js`);
  await buildWorker(worker, [patch, ...more]);
  return worker;
}

test(`[DUR3] [SOC1] [SOC2] [SOC3] ${CUTS} cuts, machines that sleep, lies and flapping links among ${MESSAGES} messages lose, double and reorder nothing`, async () => {
  const worker = await patched(FORGETFUL);
  let [duplicates, silences] = [0, 0];
  for (let run = 0; run < RUNS_MOST && Math.min(duplicates, silences) === 0; run++) {
    const report = await runNetworkRig({ worker, cuts: CUTS, messages: MESSAGES, seed: seed + run });
    const said = describeNetwork(report);
    console.info(said);
    expect(report.violations, said).toEqual([]);
    expect(report.sent, said).toBeGreaterThanOrEqual(MESSAGES);
    expect(report.acked + report.unsent, said).toBe(report.sent);
    expect(Math.min(report.sleeps, report.lies, report.flaps), said).toBeGreaterThan(0);
    expect(report.resets + report.stalls, said).toBe(CUTS);
    duplicates += report.duplicates;
    silences += report.silences;
  }
  // Lost acks were among it, and links that died in silence.
  expect(duplicates).toBeGreaterThan(0);
  expect(silences).toBeGreaterThan(0);
});

test("[SOC2] a hub that resumes too early is no harm: what was told is not told again", async () => {
  const worker = await patched({
    file: "src/channel/history.ts",
    find: "if (after >= first - 1) return { start: after, gap: null };",
    replace: "if (after >= first - 1) return { start: Math.max(after - 3, first - 1), gap: null };",
  });
  const report = await runNetworkRig({ worker, ...CONTROL, seed });
  const said = describeNetwork(report);
  console.info(said);
  expect(report.violations, said).toEqual([]);
});

test("[DUR3] a hub that stores a repeated send again is found out, where it does not show what it stored", async () => {
  // What the channel shows settles a send, which is then not repeated: so the ids are taken out of it.
  const worker = await patched(
    {
      file: "src/channel/send.ts",
      find: "if (first !== undefined) return repeat(first, command);",
      replace: "",
    },
    {
      file: "src/channel/append.ts",
      find: "client_msg_id: content.client_msg_id,",
      replace: "client_msg_id: undefined,",
    },
  );
  const violations: string[] = [];
  for (let run = 0; run < RUNS_MOST && violations.length === 0; run++) {
    const report = await runNetworkRig({ worker, ...CONTROL, seed: seed + run });
    console.info(describeNetwork(report));
    violations.push(...report.violations);
  }
  expect(violations.join("\n")).toMatch(/^agent-\d sent \d+ instead of \d+/m);
});
