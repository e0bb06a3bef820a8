/**
 * One running agent, one identity (HST1): each host in each folder has a key pair of its own, and a
 * second live session there has another. Which is free is decided by a lock with its holder's process
 * id, so that what a session that has ended was called is used again.
 */
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { createIdentity, type SecretIdentity } from "../../client/identity.ts";
import { field } from "../../protocol/index.ts";
import { EXIT, Failed } from "../exit.ts";
import { Lock } from "../wake/lock.ts";
import { ancestors } from "../wake/parent.ts";
import { processInfo } from "../wake/processes.ts";
import { type Connection, digest, slugOf } from "./connections.ts";
import { readState, remove, removeFolders, replace, textOf } from "./file.ts";

const IDENTITY = v.object({ kty: v.literal("OKP"), crv: v.literal("Ed25519"), x: v.string(), d: v.string() });

/** Sessions of one host in one folder that live at once. */
const SESSIONS_MOST = 100;
/** Milliseconds for which a session that ends may still hold what the next one is to have. */
const ENDING_MS = 1000;
const LOOK_MS = 50;

/** An identity as it is called on this machine. */
export interface Mine {
  /** `claude-app-1a2b`, and `claude-app-1a2b-2` of the second session. */
  readonly label: string;
  readonly identity: SecretIdentity;
  /** What others see. */
  readonly name: string;
  /** Made just now. */
  readonly isNew: boolean;
}

/** Plain keys on the hub, and names of files here: the same for one host, folder and hub, whenever asked. */
export function labelOf({ host, folder, url, label }: Connection): string {
  return label ?? `${host}-${slugOf(folder)}-${digest([hostname(), host, folder, url], 4)}`;
}

export class Agents {
  readonly #folder: string;

  /** @param home folder of the command's own settings */
  constructor(home: string) {
    this.#folder = join(home, "agents");
  }

  /** The first that no living session has; held until the process ends. */
  async claim(connection: Connection): Promise<Mine> {
    const until = performance.now() + ENDING_MS;
    for (;;) {
      const most = performance.now() < until ? 1 : SESSIONS_MOST;
      for (let session = 1; session <= most; session++) {
        const lock = Lock.take(this.#pathOf(connection, session, "lock"));
        if (!(lock instanceof Lock)) continue;
        process.once("exit", () => lock.release());
        return await this.of(connection, session);
      }
      if (most > 1)
        throw new Failed(EXIT.failed, `${SESSIONS_MOST} sessions of ${connection.host} run in ${connection.folder}`);
      await sleep(LOOK_MS);
    }
  }

  /** The identity of a session, made where there is none yet. */
  async of(connection: Connection, session = 1): Promise<Mine> {
    const path = this.#pathOf(connection, session, "json");
    const kept = read(path);
    const identity = kept ?? keepFirst(path, (await createIdentity()).secret);
    const label = labelFor(connection, session);
    const name = (connection.name ?? label.replace(/-[0-9a-f]{4}(-\d+)?$/, "")) + (session === 1 ? "" : `-${session}`);
    return { label, identity, name, isNew: kept === undefined };
  }

  /** Whose session the caller's process belongs to: the one whose server has the same host above it; else the first. */
  async beside(connection: Connection): Promise<Mine> {
    const own = ancestors(process.ppid).at(-1)?.pid;
    for (let session = 1; session <= SESSIONS_MOST; session++) {
      const path = this.#pathOf(connection, session, "lock");
      if (readState(path).bytes === undefined) break;
      const holder = Lock.holder(path);
      const info = holder && processInfo(holder.pid);
      if (info !== undefined && ancestors(info.parent).at(-1)?.pid === own) return await this.of(connection, session);
    }
    return await this.of(connection);
  }

  /** All that were made for a host in a folder, in the order of sessions. */
  forget(connection: Connection): void {
    for (let session = 1; session <= SESSIONS_MOST; session++) {
      for (const kind of ["json", "lock"] as const) {
        const state = readState(this.#pathOf(connection, session, kind));
        if (state.bytes !== undefined) remove(state);
      }
    }
    removeFolders([dirname(dirname(this.#folder)), dirname(this.#folder), this.#folder]);
  }

  #pathOf(connection: Connection, session: number, kind: "json" | "lock"): string {
    return join(this.#folder, `${labelFor(connection, session)}.${kind}`);
  }
}

function labelFor(connection: Connection, session: number): string {
  return labelOf(connection) + (session === 1 ? "" : `-${session}`);
}

/** Of two processes that make it at once, both have the first. */
function keepFirst(path: string, identity: SecretIdentity): SecretIdentity {
  try {
    replace(readState(path), `${JSON.stringify(identity)}\n`);
    return identity;
  } catch (error) {
    const first = read(path);
    if (first === undefined) throw error;
    return first;
  }
}

function read(path: string): SecretIdentity | undefined {
  const state = readState(path);
  if (state.bytes === undefined) return undefined;
  const object = field.parseObject(textOf(state), "it");
  const parsed = object.ok ? v.safeParse(IDENTITY, object.value) : undefined;
  if (parsed?.success === true) return parsed.output;
  throw new Failed(EXIT.failed, `${path} cannot be understood`, "remove it to get a new identity");
}
