/**
 * `npm run test:hosts`: the real hosts, Claude Code, Codex, Gemini CLI and OpenCode, each on a machine
 * of its own with nothing but itself, Node and npm, connected as a user connects them, and driven by
 * a scripted model on loopback. Every promise is one counted check.
 *
 *     npm run test:hosts                                  all of them, the short form, as the gate runs it
 *     npm run test:hosts -- --host codex --only wake      some hosts, some scenarios; both may be repeated
 *     npm run test:hosts -- --mentions 100 --kills 10     the long form of being woken
 *     npm run test:hosts -- --times                       goals of time count as well, on a quiet machine
 *
 * The hosts are installed once, at pinned versions, into ~/.cache/channel-hub-hosts (or what
 * CHANNEL_HUB_HOSTS names); `bin/` there holds a link to each, so that they can be used by hand:
 *
 *     PATH=~/.cache/channel-hub-hosts/bin:$PATH HOME=$(mktemp -d) codex --help
 *
 * A host that cannot be installed is named in a line that begins with `not run:`, and not counted.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { ROOT, withWorker } from "../support/process/build.ts";
import { HubProcess } from "../support/process/hub-process.ts";
import { chromiumPath, launchChromium } from "../browser/support/chromium.ts";
import { installHosts } from "./cache.ts";
import { Checks } from "./checks.ts";
import { FORMS, type Host } from "./hosts/host.ts";
import { HOSTS } from "./hosts/hosts.ts";
import { ModelServer } from "./model/server.ts";
import { calls } from "./scenarios/calls.ts";
import { conversation } from "./scenarios/conversation.ts";
import { residents } from "./scenarios/residents.ts";
import { wake } from "./scenarios/wake.ts";
import type { Stage } from "./stage.ts";

const build = promisify(execFile);

const SCENARIOS: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  calls: (stage) => calls(stage, () => (values.only.includes("talk") ? conversations(stage) : Promise.resolve())),
  talk: (stage) => (values.only.includes("calls") ? Promise.resolve() : conversations(stage)),
  residents,
  wake: (stage) => wake(stage, { mentions: numberOf("mentions"), kills: numberOf("kills") }),
};

const { values } = parseArgs({
  options: {
    host: { type: "string", multiple: true, default: HOSTS.map(({ name }) => name) },
    only: { type: "string", multiple: true, default: Object.keys(SCENARIOS) },
    mentions: { type: "string", default: "4" },
    kills: { type: "string", default: "1" },
    times: { type: "boolean", default: false },
  },
});
const strange = [
  ...values.host.filter((name) => !HOSTS.some((host) => host.name === name)),
  ...values.only.filter((name) => !Object.hasOwn(SCENARIOS, name)),
];
if (strange.length > 0) {
  console.error(
    `unknown: ${strange.join(", ")}; --host ${HOSTS.map(({ name }) => name).join("|")}, --only ${Object.keys(SCENARIOS).join("|")}`,
  );
  process.exit(2);
}

// Whatever a host started is found there, and nowhere as surely.
if (!existsSync("/proc/self/environ")) {
  console.log("not run: hosts (needs /proc, as Linux has it)");
  process.exit(0);
}
const wanted = HOSTS.filter(({ name }) => values.host.includes(name));
const missing = await installHosts(wanted.map(({ name }) => name));
for (const [name, reason] of missing) console.log(`not run: ${name} (install it into the cache: ${reason})`);
const hosts = wanted.filter(({ name }) => !missing.has(name));
if (hosts.length > 0) process.exitCode = await run(hosts);
// What a host left in the middle must not keep the run.
process.exit();

async function run(ready: readonly Host[]): Promise<number> {
  const checks = new Checks(values.times);
  await withWorker([], async (worker) => {
    for (const script of ["console", "package"])
      await build(process.execPath, [join(ROOT, `scripts/build-${script}.ts`)]);
    await using hub = await HubProcess.start({ worker, assets: join(ROOT, "dist/console") });
    await using models = await ModelServer.start();
    const browser = chromiumPath() === undefined ? undefined : await launchChromium();
    if (browser === undefined) console.log("not run: the persons at the page speak HTTP (install chromium)");
    for (const name of values.only) await SCENARIOS[name]?.({ hub, models, hosts: ready, checks, browser });
    await browser?.close();
  });
  for (const line of checks.failed) console.log(`failed: ${line}`);
  console.log(`${checks.passed} passed, ${checks.failed.length} failed`);
  return checks.failed.length === 0 ? 0 : 1;
}

function numberOf(name: "mentions" | "kills"): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} must be a whole number`);
  return process.exit(2);
}

/** Each host with one of another vendor; with a single host, nobody. */
async function conversations(stage: Stage): Promise<void> {
  const pairs = stage.hosts.flatMap((host, at): [Host, Host][] => {
    const other = stage.hosts[at + 1];
    return at % 2 === 0 && other !== undefined ? [[host, other]] : [];
  });
  await Promise.all(FORMS.flatMap((form) => pairs.map((pair) => conversation(stage, pair, form))));
}
