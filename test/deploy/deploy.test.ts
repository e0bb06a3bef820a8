/**
 * `npm run deploy` from its first run to the last, with the real wrangler against a stand-in of
 * Cloudflare's API, where every version that goes live is run as a real hub. What the stand-in holds
 * at the end is what was asked for and said.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { Edge } from "../support/cloudflare/edge.ts";
import { CloudflareStandIn } from "../support/cloudflare/stand-in.ts";
import { Clone, type Ran } from "../support/process/clone.ts";

const WORKER = "channel-hub";
const SCRIPT_PUT = /\/workers\/scripts\/channel-hub$/;

/** A clone whose deploys go to a stand-in, and the hub that comes of them. */
class Owner implements AsyncDisposable {
  readonly clone: Clone;
  readonly cloudflare: CloudflareStandIn;
  readonly edge: Edge;

  private constructor(clone: Clone, cloudflare: CloudflareStandIn, edge: Edge) {
    this.clone = clone;
    this.cloudflare = cloudflare;
    this.edge = edge;
    cloudflare.onLive = (worker) => edge.show(worker);
  }

  static async start(): Promise<Owner> {
    const [clone, cloudflare] = await Promise.all([Clone.make(), CloudflareStandIn.start()]);
    return new Owner(clone, cloudflare, await Edge.start(inject("worker")));
  }

  /** A deploy from this clone, or from another. */
  deploy(args: readonly string[] = [], variables: NodeJS.ProcessEnv = {}, clone = this.clone): Promise<Ran> {
    const api = { CLOUDFLARE_API_BASE_URL: this.cloudflare.url, CLOUDFLARE_API_TOKEN: "dummy" };
    return clone.deploy(["--url", this.edge.url, ...args], { ...api, ...variables });
  }

  get secrets(): Readonly<Record<string, string>> {
    return this.cloudflare.secrets(WORKER);
  }

  /** What the hub says to this key. */
  async status(key: string): Promise<number> {
    return (await fetch(`${this.edge.url}/api/channel/list`, { headers: { "x-spf-key": key } })).status;
  }

  get uploads(): number {
    return this.cloudflare.worker(WORKER)?.versions.length ?? 0;
  }

  async keep(lines: string): Promise<void> {
    await writeFile(this.clone.keyFile, lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.clone[Symbol.asyncDispose](),
      this.cloudflare[Symbol.asyncDispose](),
      this.edge[Symbol.asyncDispose](),
    ]);
  }
}

function makeKey(): string {
  return randomBytes(32).toString("base64url");
}

/** An agent's key and its entry in `HUB_KEYS`. */
function agentKey(kid: string): { readonly text: string; readonly entry: string } {
  const text = `hub_${kid}_${makeKey()}`;
  return { text, entry: `${kid}:agent:${createHash("sha256").update(text).digest("hex")}` };
}

test.concurrent("[DEP1] the first deploy makes a key that only its file shows, the second keeps it, and the hub is asked each time", async () => {
  await using owner = await Owner.start();
  const inCi = await owner.deploy();
  expect([inCi.code, owner.uploads, existsSync(owner.clone.keyFile)]).toEqual([1, 0, false]);
  expect(inCi.output).toContain("A key made here would be lost with this machine. Set HUB_KEY as a secret of the CI");

  const first = await owner.deploy(["--new-key"]);
  const key = /^HUB_KEY=([\w-]{43})\n$/.exec(await readFile(owner.clone.keyFile, "utf8"))?.[1] ?? expect.unreachable();
  expect(first.output).toContain("Account Ada's account, Worker channel-hub (new), version 0.1.0");
  expect(first.output).toContain("The hub is deployed, answers, and is closed to all without its keys.");
  expect(first.output).not.toContain(key);
  expect([first.code, owner.secrets, await owner.status(key), await owner.status("wrong")]).toEqual([
    0,
    { HUB_KEY: key },
    200,
    401,
  ]);

  const second = await owner.deploy();
  expect(second.output).toContain("keys and limits stay as they are.");
  expect([second.code, owner.secrets, owner.uploads]).toEqual([0, { HUB_KEY: key }, 2]);
});

test.concurrent("[DEP2] a key that is taken out of the file is gone from the hub, the last agent key and HUB_KEY alike", async () => {
  await using owner = await Owner.start();
  const [own, ci, gone] = [makeKey(), agentKey("ci"), agentKey("gone")];
  await owner.keep(`HUB_KEY=${own}\nHUB_KEYS=${ci.entry},${gone.entry}\n`);
  expect((await owner.deploy()).code).toBe(0);
  expect(await Promise.all([own, ci.text, gone.text].map((key) => owner.status(key)))).toEqual([200, 200, 200]);

  await owner.keep(`HUB_KEY=${own}\nHUB_KEYS=${ci.entry}\n`);
  const fewer = await owner.deploy();
  expect(fewer.output).toContain("- key gone agent");
  expect(await Promise.all([own, ci.text, gone.text].map((key) => owner.status(key)))).toEqual([200, 200, 401]);

  await owner.keep(`HUB_KEY=${own}\n`);
  const last = await owner.deploy();
  expect(last.output).toContain("HUB_KEYS is taken away.");
  expect([last.code, owner.secrets]).toEqual([0, { HUB_KEY: own }]);
  expect(await Promise.all([own, ci.text].map((key) => owner.status(key)))).toEqual([200, 401]);

  await owner.keep(`HUB_KEYS=${ci.entry}\n`);
  const withoutOwn = await owner.deploy();
  expect(withoutOwn.output).toContain("HUB_KEY is taken away.");
  expect([withoutOwn.code, owner.secrets]).toEqual([0, { HUB_KEYS: ci.entry }]);
  expect(await Promise.all([own, ci.text].map((key) => owner.status(key)))).toEqual([401, 200]);
});

test.concurrent("[DEP2] where the entry of a key cannot be deleted, its text is overwritten all the same", async () => {
  await using owner = await Owner.start();
  const [own, ci] = [makeKey(), agentKey("ci")];
  await owner.keep(`HUB_KEY=${own}\nHUB_KEYS=${ci.entry}\n`);
  await owner.deploy();
  await owner.keep(`HUB_KEY=${own}\n`);
  owner.cloudflare.failures = [{ method: "DELETE", path: /secrets/, status: 500, message: "try later" }];
  const { code, output } = await owner.deploy();
  expect(output).toContain("HUB_KEYS no longer counts; delete its entry with: npx wrangler secret delete HUB_KEYS");
  expect([code, owner.secrets["HUB_KEYS"], await owner.status(ci.text)]).toEqual([0, "removed", 401]);
});

test.concurrent("[DEP3] the environment never replaces the file unasked, and nothing of it reaches wrangler", async () => {
  await using owner = await Owner.start();
  const [own, other] = [makeKey(), makeKey()];
  await owner.keep(`HUB_KEY=${own}\n`);
  const shadowed = await owner.deploy([], { HUB_KEY: "changeme-changeme-changeme" });
  expect([shadowed.code, owner.uploads]).toEqual([1, 0]);
  expect(shadowed.output).toContain(
    "HUB_KEY in the environment differs from .hub-key.env. Say which counts: --keys-from file, or --keys-from environment",
  );

  expect((await owner.deploy(["--keys-from", "file"], { HUB_KEY: other })).code).toBe(0);
  expect(owner.secrets).toEqual({ HUB_KEY: own });
  const replaced = await owner.deploy(["--keys-from", "environment"], { HUB_KEY: other });
  expect([replaced.code, owner.secrets]).toEqual([1, { HUB_KEY: own }]);
  expect(replaced.output).toContain(
    "has another HUB_KEY than the environment. To replace it: npm run deploy -- --replace. Nothing was deployed.",
  );
  expect((await owner.deploy(["--keys-from", "environment", "--replace"], { HUB_KEY: other })).code).toBe(0);
  expect(owner.secrets).toEqual({ HUB_KEY: other });
});

test.concurrent("[DEP3] CI deploys with the key that it is given, which no log shows", async () => {
  await using owner = await Owner.start();
  const own = makeKey();
  const { code, output } = await owner.deploy([], { HUB_KEY: own });
  expect([code, owner.secrets, existsSync(owner.clone.keyFile)]).toEqual([0, { HUB_KEY: own }, false]);
  expect(output).not.toContain(own);
  const weak = await owner.deploy([], { HUB_KEY: "changeme-changeme-changeme" });
  expect([weak.code, owner.uploads]).toEqual([1, 1]);
  expect(weak.output).toContain("HUB_KEY in the environment is an example, which everybody knows; give a random one");
});

test.concurrent("[DEP4] a second machine, or one that lost its file, replaces the key only when it is told to", async () => {
  await using owner = await Owner.start();
  const own = makeKey();
  await owner.keep(`HUB_KEY=${own}\n`);
  await owner.deploy();
  await using second = await Clone.make();
  for (const clone of [second, owner.clone]) {
    await rm(clone.keyFile, { force: true });
    const { code, output } = await owner.deploy([], {}, clone);
    expect([code, owner.uploads, existsSync(clone.keyFile)]).toEqual([1, 1, false]);
    expect(output).toContain(
      "The hub channel-hub has a key, and this machine does not have it. Copy .hub-key.env from where the hub was deployed",
    );
  }
  expect((await owner.deploy(["--new-key"], {}, second)).code).toBe(0);
  expect([await owner.status(own), await owner.status(owner.secrets["HUB_KEY"] ?? "")]).toEqual([401, 200]);
});

test.concurrent.each([
  [
    "HUB_KEYS=ci:agnet:abc",
    [],
    "HUB_KEYS: entry 1 must be kid:scope:sha256hex[:agent_key]; its scope must be read, agent, admin",
  ],
  ["HUB_KEYS=ci", [], "HUB_KEYS: entry 1 must be kid:scope:sha256hex[:agent_key]; it has fewer than three parts"],
  ["", ["--var", "HUB_RATE_PER_SECOND:many"], "HUB_RATE_PER_SECOND must be a whole number, 0 for unlimited"],
  [
    "",
    ["--var=HUB_RATE_PER_SECONDS:60"],
    "HUB_RATE_PER_SECONDS is not a variable of this hub; remove it, or correct its name.",
  ],
  ["", ["--var", "HUB_KEY:abc"], "HUB_KEY must not stand on a command line; put it into .hub-key.env"],
  ["", ["--secrets-file", "x"], "--secrets-file is not taken: the deploy uploads only what it has checked."],
  ["", ["somewhere"], "somewhere: the deploy takes no words but options"],
])("[DEP5] %j with %j is refused before anything is asked of Cloudflare", async (line, args, says) => {
  await using owner = await Owner.start();
  await owner.keep(`HUB_KEY=${makeKey()}\n${line}\n`);
  for (const more of [[], ["--verify"]]) {
    const { code, output } = await owner.deploy([...args, ...more]);
    expect([code, owner.cloudflare.calls]).toEqual([1, []]);
    expect(output).toContain(says);
  }
});

test.concurrent("[DEP6] what a failure left behind is said as it is: before the upload nothing, after it the new version", async () => {
  await using owner = await Owner.start();
  const own = makeKey();
  await owner.keep(`HUB_KEY=${own}\n`);
  owner.cloudflare.isLoggedOut = true;
  const loggedOut = await owner.deploy();
  expect([loggedOut.code, owner.uploads]).toEqual([1, 0]);
  expect(loggedOut.output).toContain("Nobody is logged in to Cloudflare; nothing was deployed.");
  owner.cloudflare.isLoggedOut = false;
  await owner.deploy();

  owner.cloudflare.failures = [{ method: "PUT", path: SCRIPT_PUT, status: 500, message: "internal" }];
  const refused = await owner.deploy();
  expect([refused.code, owner.uploads]).toEqual([1, 1]);
  expect(refused.output).toContain("The hub is as it was: no new version is live.");

  owner.cloudflare.failures = [{ method: "POST", path: /\/subdomain$/, status: 500, message: "internal" }];
  const halfway = await owner.deploy();
  expect([halfway.code, owner.uploads]).toEqual([1, 2]);
  expect(halfway.output).toContain("the new version is live, with its keys, but a later step failed");
});

test.concurrent("[DEP6] a hub that is not as it should be after the deploy is told, with what it is", async () => {
  await using owner = await Owner.start();
  await owner.keep(`HUB_KEY=${makeKey()}\n`);
  await owner.deploy();
  const same = await owner.deploy(["--verify"]);
  expect([same.code, same.output]).toEqual([0, expect.stringContaining("is as configured here: keys HUB_KEY admin.")]);
  const changed = await owner.deploy(["--verify", "--var", "HUB_RATE_PER_SECOND:7"]);
  expect([changed.code, changed.output]).toEqual([1, expect.stringContaining("HUB_RATE_PER_SECOND 30 → 7")]);
  expect((await owner.deploy(["--var", "HUB_RATE_PER_SECOND:7"])).output).toContain("HUB_RATE_PER_SECOND 30 → 7");
  await owner.keep(`HUB_KEY=${makeKey()}\n`);
  const other = await owner.deploy(["--verify"]);
  expect([other.code, other.output]).toEqual([
    1,
    expect.stringContaining("it refuses the hub key that this machine has"),
  ]);
});

test.concurrent("[DEP7] a Worker of that name that is no hub is not replaced, unless that is asked for", async () => {
  await using owner = await Owner.start();
  await owner.cloudflare.put(WORKER, [{ name: "TOKEN", type: "secret_text", text: "theirs" }]);
  await owner.keep(`HUB_KEY=${makeKey()}\n`);
  const { code, output } = await owner.deploy();
  expect([code, owner.secrets]).toEqual([1, { TOKEN: "theirs" }]);
  expect(output).toContain(
    "The account already has a Worker named channel-hub, and it is not a Channel Hub. Choose another name with --name",
  );
  expect((await owner.deploy(["--name", "our-hub"])).code).toBe(0);
  expect(owner.cloudflare.worker("our-hub")).toBeDefined();
});

test.concurrent("[DEP8] a rollback says that the keys of its time count again, and which", async () => {
  await using owner = await Owner.start();
  const [own, ci] = [makeKey(), agentKey("ci")];
  await owner.keep(`HUB_KEY=${own}\nHUB_KEYS=${ci.entry}\n`);
  await owner.deploy();
  const [first] = owner.cloudflare.worker(WORKER)?.versions ?? [];
  await owner.keep(`HUB_KEY=${own}\n`);
  await owner.deploy();
  const { code, output } = await owner.deploy(["--rollback", first?.id ?? ""]);
  expect([code, await owner.status(ci.text)]).toEqual([0, 200]);
  expect(output).toContain("a key that was taken away since counts again.");
  expect(output).toContain("- key ci agent");
  expect(await readFile(join(owner.clone.directory, ".hub-url"), "utf8")).toBe(`${owner.edge.url}\n`);
});
