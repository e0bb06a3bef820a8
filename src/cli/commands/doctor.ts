/** `doctor`: whether agents can rely on a hub from here. */
import { showJson, showLine } from "../../protocol/index.ts";
import { type Check, visit } from "../doctor.ts";
import { EXIT, type Exit, failedFrom } from "../exit.ts";
import type { Prepared } from "../session.ts";

export interface DoctorFlags {
  readonly json: boolean;
  readonly seconds: number;
}

/** The exit code is the verdict: that of the first refusal, else 1 for whatever is not well. */
export async function doctor({ settings, terminal }: Prepared, { json, seconds }: DoctorFlags): Promise<Exit> {
  let exit: Exit = EXIT.ok;
  const tell = async (check: Check): Promise<void> => {
    const { name, isGood, says, error } = check;
    if (!isGood && exit === EXIT.ok) exit = error === undefined ? EXIT.failed : failedFrom(error).exit;
    const mark = isGood ? terminal.paint("green", "ok  ") : terminal.paint("red", "BAD ");
    await terminal.out(
      json ? `${showJson({ name, ok: isGood, says })}\n` : `${mark} ${name.padEnd(6)} ${showLine(says)}\n`,
    );
    const hint = error && failedFrom(error).hint;
    if (hint !== undefined) terminal.note(`            ${showLine(hint)}`);
  };
  const isWell = await visit({ url: settings.url, key: settings.key, seconds, tell });
  terminal.note(isWell ? "healthy: agents can rely on this hub from here" : "not well: see above");
  return exit;
}
