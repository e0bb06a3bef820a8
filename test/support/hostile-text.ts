/** Code points that deceive whoever reads them raw, and how to find them in what was shown. */

function codePoints(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

const NEWLINE = 0x0a;
const TAB = 0x09;

/** Sort of danger → its code points, written down here rather than asked of Unicode's properties. */
export const HOSTILE: Readonly<Record<string, readonly number[]>> = {
  C0: codePoints(0x00, 0x1f).filter((code) => code !== NEWLINE && code !== TAB),
  "DEL and C1": codePoints(0x7f, 0x9f),
  bidi: [0x061c, 0x200e, 0x200f, ...codePoints(0x202a, 0x202e), ...codePoints(0x2066, 0x2069)],
  "zero width": [0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff],
  "line separators": [0x2028, 0x2029],
  tags: codePoints(0xe0000, 0xe007f),
  "variation selectors": [
    ...codePoints(0x180b, 0x180f),
    ...codePoints(0xfe00, 0xfe0f),
    ...codePoints(0xe0100, 0xe01ef),
  ],
  "invisible letters and fillers": [0x00ad, 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0],
  "invisible operators and format": [...codePoints(0x2061, 0x2064), ...codePoints(0x206a, 0x206f), 0x1d173, 0x1bca0],
  "interlinear annotation": codePoints(0xfff9, 0xfffb),
  "surrogates, private use, noncharacters": [0xd800, 0xdfff, 0xe000, 0xf0000, 0xfdd0, 0xfffe, 0xffff, 0x10ffff],
};

export const ALL_HOSTILE: ReadonlySet<number> = new Set(Object.values(HOSTILE).flat());

/** Hostile code points that stand raw in a text. */
export function rawIn(text: string): string[] {
  const found = Array.from(text, (sign) => sign.codePointAt(0) ?? 0).filter((code) => ALL_HOSTILE.has(code));
  return found.map((code) => code.toString(16));
}
