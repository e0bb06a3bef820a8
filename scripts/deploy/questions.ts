/** What only the owner can decide: asked on a terminal, refused where nobody can answer. */
import { createInterface } from "node:readline/promises";

/** Why nothing was done, said in full. */
export class Refused extends Error {}

export function mayAsk(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && process.env["CI"] === undefined;
}

/** Goes on where the owner says yes; `refusal` says what to do where nobody can be asked. */
export async function orRefuse(question: string, refusal: string): Promise<void> {
  if (!mayAsk()) throw new Refused(refusal);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Refused("Nothing was deployed.");
}
