/**
 * Which hub a host's agents use in a folder, and how they are admitted there: one file each, for its
 * user alone. An agent's shell and a host's daemon do not have the environment its server was given,
 * so whatever runs for that host in that folder finds it here.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import * as v from "valibot";
import { field } from "../../protocol/index.ts";
import { EXIT, Failed } from "../exit.ts";
import { readState, remove, removeFolders, replace, textOf } from "./file.ts";

const CONNECTION = v.object({
  host: v.string(),
  folder: v.string(),
  url: v.string(),
  key: v.optional(v.string()),
  name: v.optional(v.string()),
  channel: v.optional(v.string()),
  /** What its agent is called on this machine, where that was said. */
  label: v.optional(v.string()),
});
export type Connection = v.InferOutput<typeof CONNECTION>;

export class Connections {
  readonly #folder: string;

  /** @param home folder of the command's own settings */
  constructor(home: string) {
    this.#folder = join(home, "connections");
  }

  /** That of the folder, of one above it, or of the repository that it is a work tree of. */
  find(host: string, folder: string): Connection | undefined {
    for (const at of [...upwards(folder), ...upwards(repositoryOf(folder) ?? folder)]) {
      const found = this.read(host, at);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  read(host: string, folder: string): Connection | undefined {
    const state = readState(this.#pathOf(host, folder));
    if (state.bytes === undefined) return undefined;
    const object = field.parseObject(textOf(state), "it");
    const parsed = object.ok ? v.safeParse(CONNECTION, object.value) : undefined;
    if (parsed?.success === true) return parsed.output;
    throw new Failed(EXIT.failed, `${state.path} cannot be understood`, "set up again: {channel-hub} setup");
  }

  all(): readonly Connection[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => {
        const { host, folder } = JSON.parse(readFileSync(join(this.#folder, name), "utf8")) as Connection;
        return this.read(host, folder) ?? [];
      });
  }

  keep(connection: Connection): void {
    const path = this.#pathOf(connection.host, connection.folder);
    replace(readState(path), `${JSON.stringify(connection, undefined, 2)}\n`);
  }

  forget(host: string, folder: string): void {
    const state = readState(this.#pathOf(host, folder));
    if (state.bytes !== undefined) remove(state);
    removeFolders([dirname(dirname(this.#folder)), dirname(this.#folder), this.#folder]);
  }

  #pathOf(host: string, folder: string): string {
    return join(this.#folder, `${host}-${slugOf(folder)}-${digest([folder], 8)}.json`);
  }
}

/** A folder's name as a part of keys and names: lower case, and no more than fits. */
export function slugOf(folder: string): string {
  const plain = basename(folder)
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/[^a-z0-9]+/g, "-");
  return (
    plain
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 24)
      .replace(/-$/, "") || "home"
  );
}

/** Some hexadecimal digits that stand for texts. */
export function digest(texts: readonly string[], digits: number): string {
  return createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, digits);
}

function upwards(folder: string): readonly string[] {
  const folders = [folder];
  for (let at = folder; dirname(at) !== at; at = dirname(at)) folders.push(dirname(at));
  return folders;
}

/** The main work tree of the repository that the folder is in; hosts take all its work trees for one project. */
export function repositoryOf(folder: string): string | undefined {
  const root = upwards(folder).find((at) => existsSync(join(at, ".git")));
  if (root === undefined) return undefined;
  const git = join(root, ".git");
  if (statSync(git).isDirectory()) return root;
  // Of a work tree: "gitdir: /main/.git/worktrees/name"
  const [, main] =
    new RegExp(`^gitdir: (.*)\\${sep}\\.git\\${sep}worktrees\\${sep}`).exec(readFileSync(git, "utf8")) ?? [];
  return main ?? root;
}
