/**
 * How much more processor time work costs on 16 times as much: 16 times where its cost grows with
 * the length alone, 256 times where it grows with the square. What else the machine does costs nothing here.
 */
export function growth(work: (length: number) => void): number {
  // What is worked the first time is compiled.
  work(SMALL);
  return (
    processorTime(() => work(16 * SMALL)) /
    Math.max(
      LEAST_MS,
      processorTime(() => work(SMALL)),
    )
  );
}

/** Between both, far from either. */
export const LINEAR = 80;
const SMALL = 16 * 1024;
/** Less cannot be measured. */
const LEAST_MS = 2;

function processorTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
