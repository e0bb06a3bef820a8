/**
 * Contenders are compared in rounds: in each, the reference runs first and last and the others in
 * between, so that a machine that changes its pace changes it for all. The reference against itself
 * is the A/A row: the noise. Rounds go on until it is small, and what it never lets be seen is not
 * claimed.
 */
import { median, spread } from "./statistics.ts";

export interface RoundRules {
  readonly least: number;
  readonly most: number;
  /** A/A spread up to which a row counts. */
  readonly tolerance: number;
}

export const FULL: RoundRules = { least: 3, most: 11, tolerance: 0.1 };
/** Shows that a bench runs; its figures mean nothing. */
export const SMOKE: RoundRules = { least: 1, most: 1, tolerance: Infinity };

export interface Contest<T> {
  /** What the pace is judged by. */
  readonly reference: string;
  readonly contenders: Readonly<Record<string, () => Promise<T>>>;
  /** Of a run: more is faster. */
  readonly pace: (figures: T) => number;
}

export interface Compared<T> {
  /** Each contender's figures, by round; the reference has two a round. */
  readonly figures: Readonly<Record<string, readonly T[]>>;
  /** Of the A/A row, as a share. */
  readonly noise: number;
  readonly isMeasurable: boolean;
  readonly rounds: number;
}

export async function compare<T>(contest: Contest<T>, rules: RoundRules): Promise<Compared<T>> {
  const { reference, contenders, pace } = contest;
  const measure = contenders[reference];
  if (measure === undefined) throw new Error(`no contender is called ${reference}`);
  const figures: Record<string, T[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  const pairs: [number, number][] = [];
  while (pairs.length < rules.least || (pairs.length < rules.most && spread(pairs) > rules.tolerance)) {
    const first = await measure();
    for (const [name, run] of alternated(contenders, pairs.length))
      if (name !== reference) figures[name]?.push(await run());
    const last = await measure();
    figures[reference]?.push(first, last);
    pairs.push([pace(first), pace(last)]);
  }
  const noise = spread(pairs);
  return { figures, noise, isMeasurable: noise <= rules.tolerance, rounds: pairs.length };
}

/** The order is turned around every other round. */
function alternated<T>(contenders: Readonly<Record<string, T>>, round: number): [string, T][] {
  const order = Object.entries(contenders);
  return round % 2 === 0 ? order : order.toReversed();
}

/** The median over rounds of a contender's value by the reference's mean in the same round. */
export function ratio<T>(
  { figures }: Compared<T>,
  [name, reference]: readonly [string, string],
  of: (one: T) => number,
): number {
  const own = (figures[name] ?? []).map(of);
  const base = (figures[reference] ?? []).map(of);
  if (name === reference)
    return median(base.flatMap((value, at) => (at % 2 === 1 ? [value / (base[at - 1] ?? NaN)] : [])));
  return median(own.map((value, round) => value / (((base[round * 2] ?? NaN) + (base[round * 2 + 1] ?? NaN)) / 2)));
}

/** The median of a contender's value. */
export function typical<T>({ figures }: Compared<T>, name: string, of: (one: T) => number): number {
  return median((figures[name] ?? []).map(of));
}
