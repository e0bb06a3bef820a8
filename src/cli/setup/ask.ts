/** Questions to whoever set-up is run by: on stderr, so that stdout stays data. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT, Failed } from "../exit.ts";
import type { World } from "../session.ts";

/** Milliseconds for a key that is piped in: whoever runs this unattended may leave stdin open. */
const PIPED_MS = 3000;
/** Bytes: more is no key. */
const KEY_MOST = 4096;

/** Whether somebody is there to answer. */
export function isAttended({ stdin, stderr }: World): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** One line; `usual` where it is left empty. */
export async function ask({ stdin, stderr }: World, question: string, usual?: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await Promise.race([
      lines.question(`${question}${usual === undefined ? "" : ` [${usual}]`}: `),
      ended(lines),
    ]);
    return answer.trim() || (usual ?? "");
  } finally {
    lines.close();
  }
}

/** One line that is not shown while it is typed. */
export async function askSecret({ stdin, stderr }: World, question: string): Promise<string> {
  stderr.write(`${question} (not shown): `);
  const nowhere = new Writable({ write: (_part, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  try {
    return (await Promise.race([lines.question(""), ended(lines)])).trim();
  } finally {
    lines.close();
    stderr.write("\n");
  }
}

/** Ctrl-C or the end of input is no answer. */
async function ended(lines: { once: (event: "SIGINT" | "close", then: () => void) => unknown }): Promise<never> {
  await new Promise<void>((done) => {
    lines.once("SIGINT", done);
    lines.once("close", done);
  });
  throw new Failed(EXIT.interrupted, "nothing was changed");
}

/** The first line of stdin; empty where nothing comes. */
export async function readPiped({ stdin }: World): Promise<string> {
  let text = "";
  const late = new AbortController();
  const read = (async () => {
    for await (const part of stdin) {
      text += String(part);
      if (text.includes("\n") || text.length > KEY_MOST) return;
    }
  })();
  await Promise.race([read, sleep(PIPED_MS, undefined, { signal: late.signal, ref: false }).catch(() => undefined)]);
  late.abort();
  stdin.destroy();
  return text.split("\n")[0]?.trim() ?? "";
}
