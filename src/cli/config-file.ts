/**
 * `${XDG_CONFIG_HOME:-~/.config}/channel-hub/config.json`: the hub's address and key, and who the
 * agent is. It holds secrets, so only its owner may read it; it is replaced as a whole, so that two
 * commands at once never leave half a file.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { field } from "../protocol/index.ts";
import { EXIT, Failed } from "./exit.ts";
import type { Kept } from "./settings.ts";

const PROFILE = v.object({
  url: v.optional(v.string()),
  key: v.optional(v.string()),
  agent: v.optional(v.string()),
  name: v.optional(v.string()),
  channel: v.optional(v.string()),
  identity: v.optional(v.object({ kty: v.literal("OKP"), crv: v.literal("Ed25519"), x: v.string(), d: v.string() })),
});

const KEPT = v.object({
  ...PROFILE.entries,
  profile: v.optional(v.string()),
  profiles: v.optional(v.record(v.string(), PROFILE)),
});

/** The settings there are. */
export const KNOWN: readonly string[] = Object.keys(KEPT.entries);

/** Bits that let others than the owner in. */
const OTHERS = 0o077;

export class ConfigFile {
  readonly path: string;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const home = env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config");
    this.path = join(home, "channel-hub", "config.json");
  }

  /** Where everything of the command's is kept. */
  get folder(): string {
    return dirname(this.path);
  }

  /** Nothing, where there is no file. */
  read(): Kept {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if (isCode(error, "ENOENT")) return {};
      throw new Failed(EXIT.failed, `cannot read ${this.path}: ${String(error)}`);
    }
    return this.#parse(text);
  }

  /** Names of settings that this version does not know: misspelt, perhaps, or a later one's. */
  unknown(): readonly string[] {
    const whole = this.#whole();
    const profiles = Object.entries(whole.profiles ?? {});
    const within = profiles.flatMap(([profile, settings]) =>
      strangersIn(settings, PROFILE.entries).map((name) => `profiles.${profile}.${name}`),
    );
    return [...strangersIn(whole, KEPT.entries), ...within];
  }

  /** Whether others than the owner could read it. */
  get isOpen(): boolean {
    const mode = statSync(this.path, { throwIfNoEntry: false })?.mode ?? 0;
    return process.platform !== "win32" && (mode & OTHERS) !== 0;
  }

  /** Adds to what is there, also what this version does not know. */
  keep(added: Kept): void {
    this.#write(JSON.stringify({ ...this.#whole(), ...added }, undefined, 2), renameSync);
  }

  /**
   * Adds an agent key unless there is one by now, and gives the one that is kept: of two commands
   * that make the file at the same time, both use the first.
   */
  keepFirst(agent: string): string {
    try {
      this.#write(JSON.stringify({ agent }, undefined, 2), linkSync);
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
    // There was a file, perhaps one that tells everything but this.
    if (this.read().agent === undefined) this.keep({ agent });
    return this.read().agent ?? agent;
  }

  #whole(): Kept {
    this.read();
    const text = statSync(this.path, { throwIfNoEntry: false }) && readFileSync(this.path, "utf8");
    return text === undefined ? {} : (JSON.parse(withoutMark(text)) as Kept);
  }

  #parse(text: string): Kept {
    const object = field.parseObject(withoutMark(text), "it");
    const parsed = object.ok ? v.safeParse(KEPT, object.value) : undefined;
    if (parsed?.success === true) return parsed.output;
    const issue = parsed?.issues?.[0];
    const place = (issue?.path ?? []).map(({ key }) => String(key)).join(".");
    const why = object.ok ? `${place}: ${String(issue?.message)}` : object.refusal.error;
    throw new Failed(EXIT.usage, `${this.path} cannot be understood: ${why}`, "correct it, or remove it");
  }

  /** `place` puts the finished file where it belongs: over another, or only where there is none. */
  #write(text: string, place: (from: string, to: string) => void): void {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const draft = `${this.path}.${randomBytes(6).toString("hex")}`;
    try {
      writeFileSync(draft, `${text}\n`, { mode: 0o600, flag: "wx" });
      chmodSync(draft, 0o600);
      place(draft, this.path);
    } finally {
      rmSync(draft, { force: true });
    }
  }
}

function strangersIn(settings: object, known: object): readonly string[] {
  return Object.keys(settings).filter((name) => !Object.hasOwn(known, name));
}

/** Editors of Windows put a mark before UTF-8 that JSON knows nothing of. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
