/** What a run of the crash rig comes to, for tests and for people. */
import type { Violation } from "./history.ts";

export interface Report {
  readonly seed: number;
  readonly kills: number;
  readonly seconds: number;
  /** The writers' sends, repeats not counted. */
  readonly sent: number;
  /** Sends that were acked. */
  readonly acked: number;
  /** Retries of acked sends that were answered. */
  readonly retried: number;
  /** Sends that were refused: none, for writers never leave. */
  readonly refused: number;
  /** Acks that said `duplicate`, those of unanswered sends included. */
  readonly duplicates: number;
  /** Messages that came live. */
  readonly received: number;
  /** Joins and leaves of the one who comes and goes. */
  readonly moves: number;
  /** Listens that were answered. */
  readonly listens: number;
  /** Newest seq of the log. */
  readonly last_seq: number;
  /** Messages that left the ring before the auditor looked at them: 0 if the run says all it should. */
  readonly unread: number;
  readonly violations: readonly Violation[];
}

/** One line, with how to do it again. */
export function describeReport({ seed, kills, seconds, violations, ...counts }: Report): string {
  const said = Object.entries(counts).map(([name, count]) => `${count} ${name.replace("_", " ")}`);
  const broken = [...new Set(violations.map(({ rule }) => rule))];
  const verdict = broken.length === 0 ? "" : `: ${broken.join(" ")}`;
  const run = `crash rig: seed ${seed}, ${kills} kills in ${seconds.toFixed(1)} s, ${said.join(", ")}`;
  return `${run}, ${violations.length} violations${verdict}; again: npm run test:crash -- --kills ${kills} --seed ${seed}`;
}
