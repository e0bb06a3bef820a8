/**
 * The index under crashes: channels are created, used and deleted while the hub is killed. In the
 * end the hub must agree with all it ever acknowledged, and its storage must hold nothing half made
 * or half deleted.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../process/agent.ts";
import type { Patch } from "../process/build.ts";
import { HubProcess } from "../process/hub-process.ts";
import { Dice } from "./dice.ts";
import { Founder, type Founding } from "./founder.ts";

/** Answers before a kill, at most, and milliseconds after them: what is counted does not depend on the machine. */
const TRAFFIC = { answers: 20, ms: 20 };
/** The second of two kills, in one round of four, comes this soon after the runtime was started again. */
const TWICE_EVERY = 4;
const TWICE_MS = 50;
/** Only guards against hanging. */
const HANGING_MS = 120_000;

/** The alarm strikes between the kills too, not ten seconds later. */
export const SOON: Patch = {
  file: "src/hub/hub-index/hub-index.ts",
  find: "const ERASE_RETRY_MS = 10_000;",
  replace: "const ERASE_RETRY_MS = 40;",
};

export interface SagaOptions {
  /** The bundle to run, built with `SOON`. */
  readonly worker: string;
  readonly kills: number;
  readonly seed: number;
  /** Milliseconds after which erases that a crash cut off must be over without anybody asking; for builds that must fail. */
  readonly patience_ms?: number;
}

export interface SagaReport {
  readonly seed: number;
  readonly kills: number;
  readonly seconds: number;
  readonly created: number;
  readonly deleted: number;
  /** Requests that had no answer and were repeated. */
  readonly repeated: number;
  /** Deletes whose erase a crash cut off. */
  readonly half_deleted: number;
  readonly violations: readonly string[];
}

/** One line, with how to do it again. */
export function describeSaga({ violations, ...report }: SagaReport): string {
  const { seed, kills, seconds, created, deleted, repeated, half_deleted } = report;
  const done = `${created} created, ${deleted} deleted, ${repeated} repeated, ${half_deleted} found half deleted`;
  const run = `index rig: seed ${seed}, ${kills} kills in ${seconds.toFixed(1)} s, ${done}`;
  return `${run}, ${violations.length} violations; again: npm run test:crash -- --index 1 --kills ${kills} --seed ${seed}`;
}

export async function runSagaRig(options: SagaOptions): Promise<SagaReport> {
  const variables = { HUB_CREATES_PER_MINUTE: "0", HUB_MAX_CHANNELS: "0", HUB_RATE_PER_SECOND: "0" };
  const hub = await HubProcess.start({ worker: options.worker, variables });
  try {
    return await new SagaRig(hub, options).run();
  } finally {
    await hub[Symbol.asyncDispose]();
  }
}

class SagaRig {
  readonly #hub: HubProcess;
  readonly #options: SagaOptions;
  readonly #dice: Dice;
  readonly #violations: string[] = [];
  readonly #founders: readonly Founder[];
  #kills = 0;
  #half_deleted = 0;

  constructor(hub: HubProcess, options: SagaOptions) {
    this.#hub = hub;
    this.#options = options;
    this.#dice = new Dice(options.seed);
    const blame = (detail: string): void => void this.#violations.push(detail);
    this.#founders = [1, 2, 3, 4].map((n) => new Founder(`founder-${n}`, new Dice(options.seed + n), blame));
  }

  async run(): Promise<SagaReport> {
    const started = Date.now();
    while (this.#kills < this.#options.kills) await this.#round();
    for (const founder of this.#founders) founder.stop();
    await Promise.all(this.#founders.map((founder) => founder.run(this.#hub.url)));
    await this.#checkAnswers();
    await this.#checkStorage();
    const foundings = this.#founders.flatMap((founder) => founder.foundings);
    return {
      seed: this.#options.seed,
      kills: this.#kills,
      seconds: (Date.now() - started) / 1000,
      created: foundings.length,
      deleted: foundings.filter(({ isDeleted }) => isDeleted).length,
      repeated: this.#founders.reduce((sum, { repeated }) => sum + repeated, 0),
      half_deleted: this.#half_deleted,
      violations: this.#violations,
    };
  }

  async #round(): Promise<void> {
    const over = Promise.all(this.#founders.map((founder) => founder.run(this.#hub.url)));
    const enough = this.#answered + this.#dice.roll(0, TRAFFIC.answers);
    // Who was told that the hub cannot answer now goes on in the next round.
    let isOver = false;
    void over.then(() => (isOver = true));
    await until(() => isOver || this.#answered >= enough);
    await sleep(this.#dice.roll(0, TRAFFIC.ms));
    await this.#kill();
    await over;
    if (this.#dice.roll(1, TWICE_EVERY) === 1) {
      this.#hub.launch();
      await sleep(this.#dice.roll(0, TWICE_MS));
      await this.#kill();
    }
    await this.#hub.restart();
  }

  get #answered(): number {
    return this.#founders.reduce((sum, { answered }) => sum + answered, 0);
  }

  async #kill(): Promise<void> {
    await this.#hub.kill();
    this.#kills++;
    this.#half_deleted += (await this.#states()).filter((state) => state === "deleting").length;
  }

  /** The hub says of every channel what it had said. */
  async #checkAnswers(): Promise<void> {
    const foundings = this.#founders.flatMap((founder) => founder.foundings);
    const ids = foundings.map(({ id }) => Number(id?.slice("ch-".length))).toSorted((a, b) => a - b);
    // Every create was answered in the end, so the ids are 1, 2, 3… and each is one key's.
    const wrong = ids.findIndex((id, at) => id !== at + 1);
    if (wrong >= 0) this.#violations.push(`${wrong + 1} creates gave ids up to ch-${ids[wrong]}`);
    const listed = await this.#list();
    for (const founding of foundings) await this.#checkChannel(founding, listed);
    const next = await call(this.#hub.url, `/api/channel/ch-${foundings.length + 1}`);
    if (next.status !== 404) this.#violations.push(`ch-${foundings.length + 1} was created by nobody`);
  }

  async #checkChannel({ key, id = "", text, isDeleted }: Founding, listed: ReadonlySet<string>): Promise<void> {
    const { status, body } = await call(this.#hub.url, `/api/channel/${id}/history`);
    if (listed.has(id) === isDeleted) this.#violations.push(`${id} is ${isDeleted ? "deleted and" : "not"} listed`);
    if (isDeleted) {
      if (status !== 410) this.#violations.push(`${id} was deleted and answers ${status}`);
      return;
    }
    const texts: string[] = status === 200 ? body.messages.map((message: { text: string }) => message.text) : [];
    if (texts[0]?.startsWith(`Channel '${key}' created by `) !== true)
      this.#violations.push(`${id}, created as ${key}, answers ${status} ${texts[0]}`);
    if (text !== undefined && !texts.includes(text)) this.#violations.push(`${id} has lost "${text}"`);
  }

  async #list(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    for (let cursor: number | undefined = 0; cursor !== undefined;) {
      const { body } = await call(this.#hub.url, `/api/channel/list?limit=1000&cursor=${cursor}`);
      for (const { id } of body.channels) ids.add(id);
      cursor = body.next_cursor;
    }
    return ids;
  }

  /** The alarm ends every delete by itself; then nothing of a deleted channel is left on disk. */
  async #checkStorage(): Promise<void> {
    await this.#hub.kill();
    await this.#hub.restart();
    const deadline = Date.now() + (this.#options.patience_ms ?? HANGING_MS);
    while ((await this.#states()).includes("deleting") && Date.now() < deadline) await sleep(50);
    await this.#hub.kill();
    const states = await this.#states();
    const half = states.filter((state) => state === "deleting").length;
    if (half > 0) this.#violations.push(`${half} channels stay half deleted`);
    const live = states.filter((state) => state === "live").length;
    const stored = await this.#query("channel", "SELECT name FROM sqlite_master WHERE name = 'log'");
    if (stored.length !== live) this.#violations.push(`${live} channels live and ${stored.length} are stored`);
  }

  /** The state column of the index; of one that was killed before it made its table, nothing. */
  async #states(): Promise<string[]> {
    const tables = await this.#query("hub-index", "SELECT name FROM sqlite_master WHERE name = 'channel'");
    if (tables.length === 0) return [];
    const rows = await this.#query("hub-index", "SELECT state FROM channel");
    return rows.map(({ state }) => String(state));
  }

  /** Rows of the objects of a namespace, from their files. */
  async #query(namespace: string, query: string): Promise<Record<string, unknown>[]> {
    const directory = join(this.#hub.directory, "state", namespace);
    const files = (await readdir(directory)).filter((file) => file.endsWith(".sqlite") && file !== "metadata.sqlite");
    return files.flatMap((file) => {
      const database = new DatabaseSync(join(directory, file), { readOnly: true });
      try {
        return database.prepare(query).all();
      } finally {
        database.close();
      }
    });
  }
}

/** Waits for what a hub that works reaches; gives up after a while, since the report will say what is missing. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + HANGING_MS;
  while (!isSo() && Date.now() < deadline) await sleep(2);
}
