/**
 * `npm run test:recipes`: the recipes for signed requests, `examples/signed.sh` and `signed.py`,
 * prove an agent to a real hub. Where a machine lacks what one needs, that is said, and it passes.
 */
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Json } from "../test/support/process/agent.ts";
import { buildWorker } from "../test/support/process/build.ts";
import { HUB_KEY, HubProcess } from "../test/support/process/hub-process.ts";

const EXAMPLES = resolve(import.meta.dirname, "../examples");

interface Recipe {
  readonly name: string;
  /** The interpreter that can run it, if there is one. */
  readonly command: string | undefined;
  readonly needs: string;
}

const works = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
const hasOpenssl = /^OpenSSL [3-9]/.test(spawnSync("openssl", ["version"]).stdout?.toString() ?? "");
const python = ["python3", "/usr/bin/python3"].find((one) => works(one, "-c", "import cryptography"));

const RECIPES: readonly Recipe[] = [
  {
    name: "signed.sh",
    command: hasOpenssl && works("curl", "--version") ? "sh" : undefined,
    needs: "openssl 3 and curl",
  },
  { name: "signed.py", command: python, needs: "python3 and python3-cryptography" },
];

const directory = await mkdtemp(join(tmpdir(), "channel-hub-recipes-"));
const worker = join(directory, "worker.js");
await buildWorker(worker);
const hub = await HubProcess.start({ worker });
try {
  for (const recipe of RECIPES) {
    if (recipe.command === undefined) console.log(`not run: examples/${recipe.name} (install ${recipe.needs})`);
    else await prove(recipe.name, recipe.command);
  }
} finally {
  await hub[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
}

/** Creates, sends, reads with a query and deletes, each signed; then with a hub key that is wrong. */
async function prove(name: string, command: string): Promise<void> {
  const identity = join(directory, `${name}.pem`);
  const ask = (method: string, path: string, body?: object, key = HUB_KEY): Json => {
    const args = [join(EXAMPLES, name), method, hub.url + path, ...(body === undefined ? [] : [JSON.stringify(body)])];
    const env = { ...process.env, CHANNEL_HUB_KEY: key, CHANNEL_HUB_IDENTITY: identity };
    const { status, stdout, stderr } = spawnSync(command, args, { env });
    assert.equal(status, 0, stderr.toString());
    return JSON.parse(stdout.toString());
  };
  const { channel_id } = ask("POST", "/api/channel/create", { name: "räume & 'more'" });
  const { message } = ask("POST", "/api/channel/send", { channel_id, text: "hello “world” $HOME\n" });
  assert.match(message.from, /^[0-9a-f]{64}$/);
  assert.equal(message.verified, true);
  assert.equal(message.text, "hello “world” $HOME\n");
  const { messages } = ask("GET", `/api/channel/${channel_id}/history?limit=1&after=1`);
  assert.deepEqual(messages, [message]);
  assert.equal(ask("POST", "/api/channel/send", { channel_id, key: "bravo", text: "x" }).code, "identity_mismatch");
  assert.equal(ask("GET", "/api/channel/list", undefined, "wrong").code, "unauthorized");
  assert.equal(ask("DELETE", `/api/channel/${channel_id}`).ok, true);
  assert.equal((await stat(identity)).mode & 0o777, 0o600);
  console.log(`examples/${name}: a channel made, written to, read and deleted by a proven key`);
}
