/**
 * The package that a hub hands out, as a stranger gets it: through npx, with an empty cache and no
 * registry, from `npm start`.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../support/process/build.ts";
import { freePort } from "../support/process/ports.ts";
import { useAsStranger } from "../support/process/stranger.ts";
import { StartProcess } from "./support/start-process.ts";

const run = promisify(execFile);

let hub: StartProcess;
let url: string;
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "channel-hub-stranger-"));
  hub = new StartProcess(["--port", String(await freePort()), "--persist-to", join(home, "state")]);
  url = new URL((await hub.printedLine()).url).origin;
});
afterAll(async () => {
  await hub.terminate();
  await rm(home, { recursive: true, force: true });
});

let machines = 0;
/** A machine that has never seen a hub, and reaches no registry. */
async function machine(): Promise<(args: readonly string[]) => Promise<{ out: string; err: string; code: number }>> {
  const folder = join(home, `machine ${++machines}`);
  await mkdir(folder);
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    HOME: folder,
    npm_config_cache: join(folder, "cache"),
    // Nobody listens on the port of discard.
    npm_config_registry: "http://127.0.0.1:9",
  };
  return async (args) => {
    const done = run("npx", args, { cwd: folder, env });
    return await done.then(
      ({ stdout, stderr }) => ({ out: stdout, err: stderr, code: 0 }),
      ({ stdout, stderr, code }: { stdout: string; stderr: string; code: number }) => ({
        out: stdout,
        err: stderr,
        code,
      }),
    );
  };
}

test("[HST4] npx starts the command from the hub alone, and the command means that hub", async () => {
  const npx = await machine();
  const address = `${url}/channel-hub.tgz`;
  expect(await npx(["-y", address, "--help"])).toMatchObject({ code: 0, out: expect.stringContaining("Usage:") });
  expect(await npx(["-y", address, "create", "ops"])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ch-\d+\n$/),
  });
  const lost = await npx(["-y", address, "join", "nowhere"]);
  expect(lost).toMatchObject({ code: 4, err: expect.stringContaining(`npx -y ${address} list`) });
});

test("[HST4] /health shows the fingerprint of what is served, which is asked for anew each time", async () => {
  const health = (await (await fetch(`${url}/health`)).json()) as { package: { build: string; sha256: string } };
  const answer = await fetch(`${url}/channel-hub.tgz?v=${health.package.build}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(health.package.sha256);
  expect(answer.headers.get("content-type")).toBe("application/gzip");
  expect(answer.headers.get("cache-control")).toMatch(/\bno-cache\b/);
  const again = await fetch(answer.url, { headers: { "if-none-match": answer.headers.get("etag") ?? "" } });
  expect(again.status).toBe(304);
});

test("the client in it compiles in projects of older rules and without DOM types, and runs", async () => {
  const folder = join(home, "stranger");
  await mkdir(join(folder, "node_modules/channel-hub"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{"private":true,"type":"module"}');
  const into = join(folder, "node_modules/channel-hub");
  await run("tar", ["xzf", join(ROOT, "dist/console/channel-hub.tgz"), "-C", into, "--strip-components=1"]);
  await useAsStranger(folder, "channel-hub");
});

test("the same sources make the same bytes", async () => {
  const packed = join(ROOT, "dist/console/channel-hub.tgz");
  const before = await readFile(packed);
  await run(process.execPath, [join(ROOT, "scripts/build-package.ts")]);
  expect((await readFile(packed)).equals(before)).toBe(true);
});

test("[HST4] after the hub was upgraded, whoever kept the old build prints the new one's settings", async () => {
  const old = await agedPackage();
  const front = await serving({ "/channel-hub.tgz": old });
  const npx = await machine();
  const address = `${front.url}/channel-hub.tgz`;
  expect((await npx(["-y", address, "--version"])).out).toBe("0.0.9\n");
  front.files = {};
  // npx itself never looks again.
  expect((await npx(["-y", address, "--version"])).out).toBe("0.0.9\n");
  const { build } = ((await (await fetch(`${url}/health`)).json()) as { package: { build: string } }).package;
  const installed = await npx(["-y", address, "install", "gemini"]);
  expect(installed.out).toContain(`${address}?v=${build}`);
  // A command of a later version is found there too; one that nobody knows is an error once.
  const { err, code } = await npx(["-y", address, "dance"]);
  expect([code, err.match(/unknown command/g)]).toEqual([2, ["unknown command"]]);
});

/** This build's package as an earlier version would have it. */
async function agedPackage(): Promise<Buffer> {
  const folder = join(home, "aged");
  await mkdir(folder);
  await run("tar", ["xzf", join(ROOT, "dist/console/channel-hub.tgz"), "-C", folder]);
  const file = join(folder, "package/package.json");
  const manifest = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...manifest, version: "0.0.9", build: "0123456789ab" }));
  const command = join(folder, "package/command");
  for (const name of await readdir(command)) {
    const source = await readFile(join(command, name), "utf8");
    await writeFile(join(command, name), source.replaceAll('"0.1.0"', '"0.0.9"'));
  }
  await run("tar", ["czf", join(folder, "aged.tgz"), "-C", folder, "package"]);
  return await readFile(join(folder, "aged.tgz"));
}

interface Front {
  readonly url: string;
  files: Readonly<Record<string, Buffer>>;
}

/** An address that serves files of its own, and for the rest is the hub. */
async function serving(files: Readonly<Record<string, Buffer>>): Promise<Front> {
  let front: Front | undefined;
  const server: Server = createServer((request, response) => {
    const own = front?.files[request.url ?? ""];
    if (own !== undefined) return void response.end(own);
    fetch(`${url}${request.url}`)
      .then(async (answer) => response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer())))
      .catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  front = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, files };
  return front;
}
