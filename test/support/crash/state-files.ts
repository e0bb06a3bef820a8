/** The files of a hub that is down: copied, put back, taken away and damaged, as disks and owners do it. */
import { copyFile, cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Dice } from "./dice.ts";

const PAGE_BYTES = 4096;

/** How a file can be damaged so that a database notices: SQLite keeps no sums of what it stores. */
const DAMAGES: readonly ((bytes: Buffer) => Buffer)[] = [
  (bytes) => bytes.fill(0x5a),
  (bytes) => bytes.fill(0x5a, PAGE_BYTES),
  (bytes) => bytes.subarray(0, PAGE_BYTES + 100),
];

export class StateFiles {
  /** `channel` and `hub-index` stand in it. */
  readonly #state: string;
  readonly #copies: string;

  constructor(directory: string) {
    this.#state = join(directory, "state");
    this.#copies = join(directory, "copies");
  }

  /** Keeps a copy of everything under a number. */
  async copy(number: number): Promise<void> {
    const copy = join(this.#copies, String(number));
    await rm(copy, { recursive: true, force: true });
    await cp(this.#state, copy, { recursive: true });
  }

  async putBackAll(copy: number): Promise<void> {
    await rm(this.#state, { recursive: true });
    await cp(join(this.#copies, String(copy)), this.#state, { recursive: true });
  }

  async putBackIndex(copy: number): Promise<void> {
    await this.loseIndex();
    await cp(join(this.#copies, String(copy), "hub-index"), join(this.#state, "hub-index"), { recursive: true });
  }

  async loseIndex(): Promise<void> {
    await rm(join(this.#state, "hub-index"), { recursive: true, force: true });
  }

  async damageIndex(dice: Dice): Promise<void> {
    const folder = join(this.#state, "hub-index");
    for (const file of await readdir(folder)) {
      if (file.endsWith(".sqlite") && file !== "metadata.sqlite") await damage(join(folder, file), dice);
    }
  }

  /** False: the copy has no such channel. */
  async putBackChannel(number: number, copy: number): Promise<boolean> {
    const folder = join(this.#copies, String(copy), "channel");
    const stem = await stemOf(folder, number);
    if (stem === undefined) return false;
    await this.#remove(stem);
    for (const file of await readdir(folder))
      if (file.startsWith(stem)) await copyFile(join(folder, file), join(this.#state, "channel", file));
    return true;
  }

  /** False: it has no file. */
  async loseChannel(number: number): Promise<boolean> {
    const stem = await stemOf(join(this.#state, "channel"), number);
    if (stem !== undefined) await this.#remove(stem);
    return stem !== undefined;
  }

  async damageChannel(number: number, dice: Dice): Promise<boolean> {
    const folder = join(this.#state, "channel");
    const stem = await stemOf(folder, number);
    if (stem === undefined) return false;
    await damage(join(folder, `${stem}.sqlite`), dice);
    return true;
  }

  /** Whether the index heard of so many changes since the copy that it can tell its age by itself (IDX5). */
  async canTell(number: number, copy: number): Promise<boolean> {
    const folder = join(this.#copies, String(copy), "channel");
    const query = `SELECT change FROM channel WHERE number = ${number}`;
    const stem = await stemOf(folder, number);
    if (stem === undefined) return false;
    const [copied] = rowsOf(join(folder, `${stem}.sqlite`), query);
    const index = join(this.#state, "hub-index");
    const files = (await readdir(index)).filter((file) => file.endsWith(".sqlite") && file !== "metadata.sqlite");
    const [known] = files.flatMap((file) => rowsOf(join(index, file), query));
    return Number(known?.["change"] ?? 0) > Number(copied?.["change"] ?? 0) + 1;
  }

  async #remove(stem: string): Promise<void> {
    const folder = join(this.#state, "channel");
    for (const file of await readdir(folder)) if (file.startsWith(stem)) await rm(join(folder, file));
  }
}

/** What was written last is in the file then, too. */
async function damage(file: string, dice: Dice): Promise<void> {
  rowsOf(file, "PRAGMA wal_checkpoint(TRUNCATE)");
  for (const end of ["-wal", "-shm"]) await rm(file + end, { force: true });
  const how = DAMAGES[dice.roll(0, DAMAGES.length - 1)];
  if (how !== undefined) await writeFile(file, how(await readFile(file)));
}

/** The name, without its ending, of the file that holds the channel. */
async function stemOf(folder: string, number: number): Promise<string | undefined> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sqlite") && file !== "metadata.sqlite");
  const found = files.find(
    (file) => rowsOf(join(folder, file), "SELECT number FROM channel")[0]?.["number"] === number,
  );
  return found?.slice(0, -".sqlite".length);
}

/** None where the file holds no such table, or cannot be read any more. */
function rowsOf(file: string, query: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file);
  try {
    return database.prepare(query).all();
  } catch {
    // An erased or damaged one: it is none of those looked for.
    return [];
  } finally {
    database.close();
  }
}
