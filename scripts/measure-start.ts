/**
 * `npm run measure:start`: how long one `send` takes from its start to its end, as hubs hand the
 * command out (bundled) and as `npm run build` leaves it, beside curl and a Node that does nothing.
 * They take turns, so that whatever else the machine does strikes all of them alike; of each the
 * median counts, and its ratio to the bare Node.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createChannel } from "../test/support/process/agent.ts";
import { withWorker } from "../test/support/process/build.ts";
import { HUB_KEY, HubProcess } from "../test/support/process/hub-process.ts";
import { bundleCommand } from "./bundle-command.ts";

const ROUNDS = 21;
const ROOT = resolve(import.meta.dirname, "..");

interface Starter {
  readonly what: string;
  readonly command: readonly [string, ...string[]];
}

const home = await mkdtemp(join(tmpdir(), "channel-hub-start-"));
try {
  await bundleCommand(home, "parts", { bin: "cli/bin.ts" });
  await withWorker([], measure);
} finally {
  await rm(home, { recursive: true, force: true });
}

async function measure(worker: string): Promise<void> {
  await using hub = await HubProcess.start({ worker, variables: { HUB_RATE_PER_SECOND: "0", HUB_LOOP_GUARD: "0" } });
  const id = await createChannel(hub.url, "ops", "alpha");
  const env = {
    ...process.env,
    HOME: home,
    CHANNEL_HUB_URL: hub.url,
    CHANNEL_HUB_KEY: HUB_KEY,
    CHANNEL_HUB_AGENT: "alpha",
  };
  const starters = startersFor(hub.url, id).filter(({ what, command }) => canRun(what, command, env));
  const times = new Map<string, number[]>(starters.map(({ what }) => [what, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const { what, command } of starters) times.get(what)?.push(timed(command, env));
  const bare = median(times.get("node -e 0") ?? []);
  for (const [what, all] of times) {
    const ms = median(all);
    console.log(
      `${what}: ${ms.toFixed(0)} ms, ${(ms / bare).toFixed(1)} × a Node that does nothing (median of ${ROUNDS})`,
    );
  }
}

function startersFor(url: string, id: string): readonly Starter[] {
  const body = JSON.stringify({ channel_id: id, key: "alpha", text: "hello" });
  const send = ["send", id, "hello"];
  return [
    { what: "node -e 0", command: [process.execPath, "-e", "0"] },
    { what: "curl", command: ["curl", "-sSf", "-H", `x-spf-key: ${HUB_KEY}`, "-d", body, `${url}/api/channel/send`] },
    { what: "send, as hubs hand it out", command: [process.execPath, join(home, "bin.js"), ...send] },
    { what: "send, as built in a clone", command: [process.execPath, join(ROOT, "dist/cli/bin.js"), ...send] },
  ];
}

/** What cannot be had here is said, and left out. */
function canRun(what: string, [file, ...args]: Starter["command"], env: NodeJS.ProcessEnv): boolean {
  const { status, error, stderr } = spawnSync(file, args, { env });
  if (status === 0) return true;
  console.log(`not run: ${what}: ${error?.message ?? stderr.toString().trim()}`);
  return false;
}

function timed([file, ...args]: Starter["command"], env: NodeJS.ProcessEnv): number {
  const started = performance.now();
  const { status } = spawnSync(file, args, { env });
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
