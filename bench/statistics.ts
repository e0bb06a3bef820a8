/** Medians, the rule by which a row is measurable, and slopes. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}

/** How far two runs of the same server in one round stand apart, as a share: the noise of the machine. */
export function spread(pairs: readonly (readonly [number, number])[]): number {
  return median(pairs.map(([a, b]) => Math.abs(Math.log(a / b))));
}

/** Exponent of growth between two points: 1 is linear, 0 is flat. */
export function slope(from: readonly [x: number, y: number], to: readonly [x: number, y: number]): number {
  return Math.log(to[1] / from[1]) / Math.log(to[0] / from[0]);
}
