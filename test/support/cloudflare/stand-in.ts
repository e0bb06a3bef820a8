/**
 * A stand-in for the part of Cloudflare's API that `wrangler` uses to deploy a Worker, on loopback
 * (`CLOUDFLARE_API_BASE_URL`). It keeps what it is given as the real one does: secrets are kept
 * over an upload whose `keep_bindings` says so, each upload makes a version, and a version carries
 * the bindings it was made with. Tests look at what it holds at the end.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Binding {
  readonly name: string;
  readonly type: string;
  readonly text?: string;
}

/** What an upload says of itself, in its form field `metadata`. */
interface Metadata {
  readonly bindings?: readonly Binding[];
  readonly keep_bindings?: readonly string[];
}

export interface Version {
  readonly id: string;
  readonly number: number;
  readonly bindings: readonly Binding[];
}

export interface StoredWorker {
  readonly versions: readonly Version[];
  /** The version that answers. */
  readonly live: Version;
}

/** An answer in place of the usual one: status, and the API's own error code and text. */
export interface Failure {
  readonly method: string;
  readonly path: RegExp;
  readonly status: number;
  readonly message: string;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly type: string;
}

type Answer = { readonly status: number; readonly result: unknown; readonly errors: readonly object[] };

const ACCOUNT = { id: "0123456789abcdef0123456789abcdef", name: "Ada's account" };
const NO_WORKER = { code: 10_007, message: "This Worker does not exist on your account." };
const SCRIPT = /^\/accounts\/[^/]+\/workers\/(?:scripts|services|workers)\/([^/]+)(.*)$/;

export class CloudflareStandIn {
  /** Requests in their order, as `METHOD path`. */
  readonly calls: string[] = [];
  /** The first that fits a request answers it, for as long as it stands here. */
  failures: readonly Failure[] = [];
  /** Nobody is logged in: every request is refused. */
  isLoggedOut = false;
  /** Told when the version that answers has changed. */
  onLive: (worker: StoredWorker) => Promise<void> = async () => {};
  readonly #workers: Map<string, StoredWorker> = new Map();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#reply(request, response);
    });
  }

  static async start(): Promise<CloudflareStandIn> {
    const standIn = new CloudflareStandIn();
    await new Promise<void>((listening) => standIn.#server.listen(0, "127.0.0.1", listening));
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  worker(name: string): StoredWorker | undefined {
    return this.#workers.get(name);
  }

  /** Secrets of the version that answers, by name. */
  secrets(name: string): Readonly<Record<string, string>> {
    const secrets = (this.worker(name)?.live.bindings ?? []).filter(({ type }) => type === "secret_text");
    return Object.fromEntries(secrets.map((binding) => [binding.name, binding.text ?? ""]));
  }

  /** Puts a Worker there that somebody deployed before. */
  async put(name: string, bindings: readonly Binding[]): Promise<void> {
    await this.#upload(name, { bindings });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, result, errors } = await this.#answer(request);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ success: errors.length === 0, errors, messages: [], result }));
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const call = await readCall(request);
    this.calls.push(`${call.method} ${call.path}`);
    if (this.isLoggedOut) return failed(403, { code: 9109, message: "Invalid access token" });
    const failure = this.failures.find(({ method, path }) => method === call.method && path.test(call.path));
    if (failure !== undefined) return failed(failure.status, { code: 10_013, message: failure.message });
    const [, name, rest] = SCRIPT.exec(call.path) ?? [];
    return name === undefined ? done(accountAnswer(call.path)) : await this.#workerAnswer(name, rest ?? "", call);
  }

  async #workerAnswer(name: string, rest: string, call: Call): Promise<Answer> {
    if (rest === "/assets-upload-session") return done({ jwt: "jwt", buckets: [] });
    if (rest === "" && call.method === "PUT") return done(await this.#upload(name, metadataOf(call)));
    const worker = this.#workers.get(name);
    if (worker === undefined) return failed(404, NO_WORKER);
    if (rest === "/versions" && call.method === "POST") return done(await this.#upload(name, metadataOf(call), false));
    if (rest === "/deployments" && call.method === "POST") return done(await this.#deploy(name, worker, call));
    if (rest.startsWith("/secrets/") && call.method === "DELETE") return done(await this.#forget(name, worker, rest));
    return done(workerAnswer(worker, rest));
  }

  async #upload(name: string, { bindings = [], keep_bindings = [] }: Metadata, isLive = true): Promise<object> {
    const before = this.#workers.get(name);
    const given = new Set(bindings.map((binding) => binding.name));
    const kept = (before?.live.bindings ?? []).filter(
      (one) => keep_bindings.includes(one.type) && !given.has(one.name),
    );
    const version = await this.#keep(name, [...bindings, ...kept], isLive);
    return { id: version.id, version_id: version.id, deployment_id: version.id, ...UPLOADED };
  }

  async #forget(name: string, worker: StoredWorker, rest: string): Promise<object> {
    const secret = decodeURIComponent(rest.slice("/secrets/".length));
    await this.#keep(
      name,
      worker.live.bindings.filter((binding) => binding.name !== secret),
      true,
    );
    return {};
  }

  /** POST …/deployments {"versions":[{"version_id":"…","percentage":100}]} */
  async #deploy(name: string, worker: StoredWorker, call: Call): Promise<object> {
    const { versions } = JSON.parse(call.body.toString()) as { versions: readonly { version_id: string }[] };
    const live = worker.versions.find(({ id }) => id === versions[0]?.version_id) ?? worker.live;
    await this.#show(name, { ...worker, live });
    return { id: live.id };
  }

  async #keep(name: string, bindings: readonly Binding[], isLive: boolean): Promise<Version> {
    const before = this.#workers.get(name);
    const versions = before?.versions ?? [];
    const version = { id: randomUUID(), number: versions.length + 1, bindings };
    const live = isLive ? version : (before?.live ?? version);
    await this.#show(name, { versions: [...versions, version], live });
    return version;
  }

  async #show(name: string, worker: StoredWorker): Promise<void> {
    const isNew = this.#workers.get(name)?.live !== worker.live;
    this.#workers.set(name, worker);
    if (isNew) await this.onLive(worker);
  }
}

const UPLOADED = { available_on_subdomain: true, etag: "e", startup_time_ms: 5, entry_point: "index.js" };
const SUBDOMAIN = { enabled: true, previews_enabled: false };

function accountAnswer(path: string): unknown {
  if (path === "/accounts") return [ACCOUNT];
  if (path === "/memberships") return [{ id: "m", account: ACCOUNT }];
  if (path === "/user") return { id: "u", email: "ada@example.com" };
  if (path.endsWith("/workers/subdomain")) return { subdomain: "ada" };
  return {};
}

function workerAnswer({ versions, live }: StoredWorker, rest: string): unknown {
  if (rest === "/secrets") {
    const secrets = live.bindings.filter(({ type }) => type === "secret_text");
    return secrets.map(({ name, type }) => ({ name, type }));
  }
  if (rest === "/settings") return { bindings: live.bindings.map(({ text: _text, ...shown }) => shown) };
  if (rest === "/deployments")
    return {
      deployments: [
        deploymentOf(live),
        ...versions
          .filter((one) => one !== live)
          .toReversed()
          .map(deploymentOf),
      ],
    };
  if (rest === "/versions") return { items: versions.toReversed().map(describe) };
  const id = /^\/versions\/(.+)$/.exec(rest)?.[1];
  if (id !== undefined) return describe(versions.find((version) => version.id === id) ?? live);
  if (rest === "/subdomain") return SUBDOMAIN;
  return {
    id: "w",
    subdomain: SUBDOMAIN,
    default_environment: { environment: "production", script: { last_deployed_from: "wrangler" } },
    ...UPLOADED,
  };
}

interface Described {
  readonly id: string;
  readonly metadata: Readonly<Record<"created_on" | "source" | "author_email", string>>;
  readonly [more: string]: unknown;
}

function deploymentOf(version: Version): object {
  return {
    id: `d-${version.id}`,
    created_on: describe(version).metadata.created_on,
    author_email: "ada@example.com",
    source: "wrangler",
    strategy: "percentage",
    annotations: {},
    versions: [{ version_id: version.id, percentage: 100 }],
  };
}

function describe({ id, number, bindings }: Version): Described {
  const created_on = new Date(Date.UTC(2026, 0, 1, 0, 0, number)).toISOString();
  return {
    id,
    number,
    metadata: { created_on, source: "wrangler", author_email: "ada@example.com" },
    annotations: {},
    resources: { bindings, script: { handlers: ["fetch"] }, script_runtime: {} },
  };
}

function metadataOf({ body }: Call): Metadata {
  const [, json] = /name="metadata"\r\n(?:[^\r]+\r\n)*\r\n([^\r]*)\r\n/.exec(body.toString("latin1")) ?? [];
  if (json === undefined) throw new Error("the upload has no metadata");
  return JSON.parse(Buffer.from(json, "latin1").toString()) as Metadata;
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const [path = "/"] = (request.url ?? "/").split("?");
  return {
    method: request.method ?? "GET",
    path,
    body: Buffer.concat(parts),
    type: request.headers["content-type"] ?? "",
  };
}

function done(result: unknown): Answer {
  return { status: 200, result, errors: [] };
}

function failed(status: number, error: object): Answer {
  return { status, result: null, errors: [error] };
}
