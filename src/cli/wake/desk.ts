/**
 * What the processes of one agent on this machine must know of each other, in a folder of its own:
 * which of them waits, what it told, and what the tool beside the model is doing. Whoever writes a
 * file is the only one who does, so none is ever locked; all of it may be lost, and is then learnt
 * anew from the hub.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { field } from "../../protocol/index.ts";
import { isRunning, processInfo } from "./processes.ts";

/** How far a channel was shown, in one life of it. */
const PLACE = v.object({ epoch: v.string(), seq: v.pipe(v.number(), v.integer(), v.minValue(0)) });
const PLACES = v.record(v.string(), PLACE);
export type Places = v.InferOutput<typeof PLACES>;

const TOOL_NOTE = v.object({
  pid: v.number(),
  started: v.string(),
  /** The model is in a call, which may show it what comes. */
  busy: v.boolean(),
  /** It wakes the model by itself. */
  pushes: v.boolean(),
  /** What its answers and pushes have shown. */
  shown: PLACES,
});
/** What the tool beside the model says of itself. */
export type ToolNote = Omit<v.InferOutput<typeof TOOL_NOTE>, "pid" | "started">;

type Environment = Readonly<Record<string, string | undefined>>;

export class Desk {
  readonly #folder: string;
  readonly #own: { readonly pid: number; readonly started: string };
  #written = "";

  /** The desk of one agent at one hub. */
  constructor(env: Environment, hub: string, agent: string) {
    const id = createHash("sha256").update(`${hub}\n${agent}`).digest("hex").slice(0, 16);
    this.#folder = join(desksFolder(env), id);
    this.#own = { pid: process.pid, started: processInfo(process.pid)?.started ?? "" };
  }

  /** The lock of whoever waits. */
  get lock(): string {
    return join(this.#folder, "waiting");
  }

  /** What waiting processes have told so far. */
  get told(): Places {
    return this.#read("told.json", PLACES) ?? {};
  }

  /** Written by the one who has the lock. */
  tell(channel_id: string, place: Places[string]): void {
    this.#write("told.json", { ...this.told, [channel_id]: place });
  }

  /** Undefined where no tool runs. */
  get tool(): ToolNote | undefined {
    const note = this.#read("tool.json", TOOL_NOTE);
    return note !== undefined && isRunning(note.pid, note.started) ? note : undefined;
  }

  /** Written by the tool, and only where it says something new. */
  note(note: ToolNote): void {
    const text = JSON.stringify(note);
    if (text === this.#written) return;
    this.#write("tool.json", { ...this.#own, ...note });
    this.#written = text;
  }

  #read<T>(name: string, schema: v.GenericSchema<unknown, T>): T | undefined {
    let text: string;
    try {
      text = readFileSync(join(this.#folder, name), "utf8");
    } catch {
      return undefined;
    }
    const object = field.parseObject(text, name);
    const parsed = object.ok ? v.safeParse(schema, object.value) : undefined;
    return parsed?.success === true ? parsed.output : undefined;
  }

  #write(name: string, value: object): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, name);
    const draft = `${path}.${randomBytes(6).toString("hex")}`;
    try {
      writeFileSync(draft, JSON.stringify(value), { mode: 0o600, flag: "wx" });
      renameSync(draft, path);
    } finally {
      rmSync(draft, { force: true });
    }
  }
}

/** `${XDG_STATE_HOME:-~/.local/state}/channel-hub` */
function desksFolder(env: Environment): string {
  return join(env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state"), "channel-hub");
}

/** Takes away the desks of all agents of this user; gives where they were. */
export function forgetDesks(env: Environment): string {
  const folder = desksFolder(env);
  rmSync(folder, { recursive: true, force: true });
  return folder;
}

/** How far a channel was shown by either; 0 where nothing is known of this life of it. */
export function shownUpTo(
  { channel_id, epoch }: { channel_id: string; epoch: string },
  ...by: readonly Places[]
): number {
  const seqs = by.map((places) => {
    const place = Object.hasOwn(places, channel_id) ? places[channel_id] : undefined;
    return place?.epoch === epoch ? place.seq : 0;
  });
  return Math.max(0, ...seqs);
}
