/** What comes in, on stdin or as arguments: UTF-8, or it is refused. Bytes that are none would be stored as something else. */
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { Transform, type Readable } from "node:stream";
import { EXIT, Failed } from "./exit.ts";

/**
 * Node shows U+FFFD for what it cannot read, and for U+FFFD; what was typed is seen on Linux alone.
 *
 * @throws Failed of usage where an argument is not UTF-8
 */
export function requireUtf8(args: readonly string[]): void {
  if (process.platform !== "linux" || !args.some((one) => one.includes("\uFFFD"))) return;
  if (isUtf8(readFileSync("/proc/self/cmdline"))) return;
  throw new Failed(EXIT.usage, "an argument is not UTF-8", "convert it first, with iconv for example");
}

/** @throws Failed of usage where it is not UTF-8 */
export async function readUtf8(input: Readable): Promise<string> {
  let text = "";
  for await (const part of input.pipe(utf8Only())) text += String(part);
  return text;
}

/** Passes UTF-8 on; fails at the first byte that is none. */
export function utf8Only(): Transform {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (part: Buffer | undefined, done: (error: Error | null, text?: string) => void): void => {
    try {
      done(null, decoder.decode(part, { stream: part !== undefined }));
    } catch {
      done(new Failed(EXIT.usage, "what came on stdin is not UTF-8", "convert it first, with iconv for example"));
    }
  };
  return new Transform({
    encoding: "utf8",
    transform: (part: Buffer, _encoding, done) => decode(part, done),
    flush: (done) => decode(undefined, done),
  });
}
