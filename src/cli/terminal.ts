/**
 * Where the command writes: data on stdout, all else on stderr, colours only where somebody sees
 * them. Callers pass texts of others through `showLine` or `showText` first.
 */
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

export interface Terminal {
  /** Data; resolves when the reader keeps up. */
  readonly out: (text: string) => Promise<void>;
  /** A line about what goes on. */
  readonly note: (line: string) => void;
  /** Colours text for `out`. */
  readonly paint: Paint;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean };
export type Input = Readable & { readonly isTTY?: boolean };

export function terminalOn(stdout: Output, stderr: Output, env: Environment): Terminal {
  const isColoured = hasColours(stdout, env);
  return {
    out: async (text) => {
      if (!stdout.write(text)) await once(stdout, "drain");
    },
    note: (line) => void stderr.write(`${line}\n`),
    paint: (style, text) => (isColoured ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** https://no-color.org and https://force-color.org: set and not empty; the first wins. */
export function hasColours({ isTTY = false }: Output, { NO_COLOR = "", FORCE_COLOR = "", TERM }: Environment): boolean {
  if (NO_COLOR !== "") return false;
  if (FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return isTTY && TERM !== "dumb";
}
