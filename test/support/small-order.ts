/**
 * The encodings of Ed25519's points of small order, computed from the curve (RFC 8032 §5.1) and not
 * copied, so that the hub's list can be held against them.
 */

const P = 2n ** 255n - 19n;
/** The bit that holds the sign of x. */
const SIGN = 2n ** 255n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * power(121666n, P - 2n));

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** All 14, as hex: each y and y + p that fits, with either sign bit. */
export function smallOrderEncodings(): string[] {
  const heights = new Set<bigint>();
  for (let y = 2n; heights.size < 5; y++) {
    const point = pointAt(y);
    // Multiplied by the large prime order, any point ends up among the eight.
    if (point !== undefined) for (let n = 0n; n < 8n; n++) heights.add(times(n, times(L, point)).y);
  }
  return [...heights].flatMap((y) => (y + P < SIGN ? [y, y + P] : [y])).flatMap((y) => [hexOf(y), hexOf(y + SIGN)]);
}

function pointAt(y: bigint): Point | undefined {
  const square = mod((y * y - 1n) * power(mod(D * y * y + 1n), P - 2n));
  const root = power(square, (P + 3n) / 8n);
  const x = [root, mod(root * power(2n, (P - 1n) / 4n))].find((one) => mod(one * one) === square);
  return x === undefined ? undefined : { x, y };
}

function times(n: bigint, point: Point): Point {
  let sum: Point = { x: 0n, y: 1n };
  for (const bit of n.toString(2)) {
    sum = add(sum, sum);
    if (bit === "1") sum = add(sum, point);
  }
  return sum;
}

function add(a: Point, b: Point): Point {
  const both = mod(D * a.x * b.x * a.y * b.y);
  return {
    x: mod((a.x * b.y + a.y * b.x) * power(mod(1n + both), P - 2n)),
    y: mod((a.y * b.y + a.x * b.x) * power(mod(1n - both), P - 2n)),
  };
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = mod(result * result);
    if (bit === "1") result = mod(result * base);
  }
  return result;
}

function mod(n: bigint): bigint {
  return ((n % P) + P) % P;
}

/** 32 bytes, little-endian. */
function hexOf(n: bigint): string {
  const big = n.toString(16).padStart(64, "0");
  return (big.match(/../g) ?? []).toReversed().join("");
}
