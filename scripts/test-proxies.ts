/**
 * `npm run test:proxies`: the configurations that `docs/PROXIES.md` shows, each run as it stands there
 * before a real hub with its page: TLS, a path that is taken away, signed requests, sockets, tickets.
 * What is not installed is said, and counts as neither passed nor failed.
 */
import { strict as assert } from "node:assert";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../test/support/process/build.ts";
import { Shell } from "../test/support/process/command.ts";
import { HUB_KEY } from "../test/support/process/hub-process.ts";
import { freePort } from "../test/support/process/ports.ts";
import { PageHub } from "../test/support/process/page-hub.ts";

interface Proxy {
  readonly name: "nginx" | "caddy" | "haproxy";
  /** Turns what the page shows into a whole configuration for this machine. */
  readonly adapt: (shown: string, place: Place) => string;
  /** Starts it in the foreground. */
  readonly args: (file: string, place: Place) => readonly string[];
}

interface Place {
  readonly folder: string;
  /** Where the proxy listens. */
  readonly port: number;
  readonly hub: PageHub;
}

const PROXIES: readonly Proxy[] = [
  {
    name: "nginx",
    adapt: (shown, { port, folder }) =>
      `pid ${folder}/nginx.pid;\ndaemon off;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${temporary(folder)}\n${shown
        .replace("listen 443", `listen 127.0.0.1:${port}`)
        .replace("hub.example", "localhost")}\n}\n`,
    args: (file, { folder }) => ["-p", folder, "-c", file],
  },
  {
    name: "caddy",
    adapt: (shown, { port, folder }) =>
      `{\n  admin off\n  auto_https disable_redirects\n}\n${shown.replace(
        "hub.example {",
        `https://localhost:${port} {\n  bind 127.0.0.1\n  tls ${folder}/hub.pem ${folder}/hub.key`,
      )}`,
    args: (file) => ["run", "--config", file, "--adapter", "caddyfile"],
  },
  {
    name: "haproxy",
    adapt: (shown, { port }) => shown.replace("bind :443", `bind 127.0.0.1:${port}`),
    args: (file) => ["-db", "-f", file],
  },
];

const BLOCKS = readFileSync(join(ROOT, "docs/PROXIES.md"), "utf8");
/** Only guards against hanging. */
const HANGING_MS = 240_000;
const SEARCHED = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };

const found = PROXIES.filter(({ name }) => isInstalled(name));
for (const { name } of PROXIES.filter((one) => !found.includes(one))) console.log(`not run: ${name} (install ${name})`);
if (!isInstalled("openssl")) console.log("not run: proxies (install openssl)");
else if (found.length > 0) await run(found);

function isInstalled(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`], { env: SEARCHED }).status === 0;
}

async function run(proxies: readonly Proxy[]): Promise<void> {
  const guard = setTimeout(() => assert.fail("the proxies hang"), HANGING_MS);
  const folder = mkdtempSync(join(tmpdir(), "channel-hub-proxies-"));
  const port = await freePort();
  makeCertificate(folder);
  try {
    await using hub = await PageHub.start({ HUB_URL: `https://localhost:${port}/hub`, HUB_DEV: "1" });
    for (const proxy of proxies) await through(proxy, { folder, port, hub });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    clearTimeout(guard);
  }
}

async function through(proxy: Proxy, place: Place): Promise<void> {
  const file = join(place.folder, `${proxy.name}.conf`);
  const block = new RegExp(`^\`\`\`${proxy.name}\\n(.*?)^\`\`\``, "ms").exec(BLOCKS)?.[1];
  assert.ok(block, `docs/PROXIES.md shows nothing for ${proxy.name}`);
  const here = block.replaceAll("/etc/ssl", place.folder).replaceAll("127.0.0.1:8787", new URL(place.hub.url).host);
  writeFileSync(file, proxy.adapt(here, place));
  const child = spawn(proxy.name, proxy.args(file, place), { env: { ...SEARCHED, HOME: place.folder }, stdio: "pipe" });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (output += part.toString()));
  try {
    await untilServing(child, place, () => output);
    await checkPage(place);
    await checkAgents(place);
    console.log(`${proxy.name}: page, origin, ticket, signed requests and sockets pass`);
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function ask(
  place: Place,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Answer> {
  const ca = readFileSync(join(place.folder, "hub.pem"));
  const url = new URL(path, `https://localhost:${place.port}`);
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca, headers, family: 4, method: body === undefined ? "GET" : "POST" }, (answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => (text += part.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.on("error", reject).end(body);
  });
}

async function untilServing(child: ChildProcess, place: Place, output: () => string): Promise<void> {
  for (;;) {
    assert.equal(child.exitCode, null, `it ended: ${output()}`);
    // Refused until it listens.
    const answer = await ask(place, "/hub/health").catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(100);
  }
}

/** The page and all that it loads, under the path. */
async function checkPage(place: Place): Promise<void> {
  const page = await ask(place, "/hub/");
  const parts = [...page.text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, part = ""]) => part);
  assert.ok(parts.length >= 3, page.text);
  for (const part of parts)
    assert.equal((await ask(place, new URL(part, "https://x/hub/").pathname)).status, 200, part);
  const headers = { "x-spf-key": HUB_KEY, origin: `https://localhost:${place.port}` };
  const listed = await ask(place, "/hub/api/channel/list", headers);
  assert.equal(listed.status, 200, listed.text);
  const foreign = await ask(place, "/hub/api/channel/list", { ...headers, origin: "https://evil.example" });
  assert.equal(foreign.status, 403, foreign.text);
  const made = await ask(place, "/hub/api/channel/create", headers, '{"name":"proxied","key":"me"}');
  const { channel_id } = JSON.parse(made.text) as { channel_id: string };
  const ticket = await ask(place, "/hub/api/ticket", headers, JSON.stringify({ channel_id, key: "me" }));
  assert.match(ticket.text, new RegExp(`"url":"wss://localhost:${place.port}/hub/ws/channel/${channel_id}"`));
}

/** Two agents that sign and talk over sockets, as `doctor` does it. */
async function checkAgents({ folder, port }: Place): Promise<void> {
  using shell = new Shell({
    CHANNEL_HUB_URL: `https://localhost:${port}/hub`,
    CHANNEL_HUB_KEY: HUB_KEY,
    NODE_EXTRA_CA_CERTS: join(folder, "hub.pem"),
    NODE_OPTIONS: "--dns-result-order=ipv4first",
  });
  const { code, out, err } = await shell.run(["doctor", "--seconds", "2"]);
  assert.equal(code, 0, out + err);
}

function makeCertificate(folder: string): void {
  const [key, certificate] = [join(folder, "hub.key"), join(folder, "hub.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, ...files], {
    stdio: "pipe",
  });
  copyFileSync(certificate, join(folder, "hub-with-key.pem"));
  writeFileSync(join(folder, "hub-with-key.pem"), readFileSync(key), { flag: "a" });
}

/** Where nginx may write, when it is nobody special. */
function temporary(folder: string): string {
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join("\n");
}
