/** The log in an array: for tests, examples, and as the reference for the SQL one. Keeps everything. */
import { boundRange, collectPage, packRows, type Row, splitBody } from "./batch.ts";
import type { SendRecord } from "./recent-sends.ts";
import type { Entry } from "./state.ts";
import type { Head, MessageLog, Page, Range } from "./store.ts";

export class MemoryLog implements MessageLog {
  readonly #rows: Row[] = [];

  head(): Head | undefined {
    const newest = this.#rows.at(-1);
    return newest && { last_seq: newest.seq + newest.count - 1, last_ts: newest.ts };
  }

  append(entries: readonly Entry[]): void {
    this.#rows.push(...packRows(entries));
  }

  page(asked: Range): Page {
    const range = boundRange(asked, this.head()?.last_seq ?? 0);
    const rows = this.#rows.filter((row) => row.seq + row.count - 1 > range.after && row.seq < range.before);
    return collectPage(range.keep === "newest" ? rows.toReversed() : rows, range);
  }

  message(seq: number): string | undefined {
    const row = this.#rows.find((one) => one.seq <= seq && seq < one.seq + one.count);
    return row && splitBody(row.body)[seq - row.seq];
  }

  *sends(since: number): Iterable<SendRecord> {
    for (const row of this.#rows.toReversed()) {
      if (row.ts < since) return;
      yield* row.sends.toReversed();
    }
  }
}
