/**
 * The command line: which commands there are, what they take, how each ends. Each command is a
 * function of its own in `commands/`, loaded when it is called; what they throw becomes one line on
 * stderr and an exit code.
 */
import { CommanderError } from "commander";
import { EXIT, type Exit, failedFrom } from "./exit.ts";
import { programFor } from "./program.ts";
import { failureLines, type World } from "./session.ts";

/** Runs a command to its end; gives the exit code. */
export async function main(args: readonly string[], world: World = thisWorld()): Promise<number> {
  let exit: Exit = EXIT.ok;
  const program = programFor(world, (code) => (exit = code));
  try {
    await program.parseAsync([...args], { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failed = failedFrom(error);
    world.stderr.write(`${failureLines(failed)}\n`);
    return failed.exit;
  }
}

function thisWorld(): World {
  const { env, stdin, stdout, stderr } = process;
  // A reader that has enough, such as head, is no fault.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(EXIT.ok);
  });
  process.on("SIGINT", () => process.exit(EXIT.interrupted));
  return { env, stdin, stdout, stderr };
}
