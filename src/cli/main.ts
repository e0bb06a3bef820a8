/**
 * The command line: which commands there are, what they take, how each ends. Each command is a
 * function of its own in `commands/`, loaded when it is called; what they throw becomes one line on
 * stderr and an exit code.
 */
import { type Command, CommanderError } from "commander";
import { EXIT, type Exit, Failed, failedFrom } from "./exit.ts";
import { programFor } from "./program.ts";
import { inNewer } from "./newer.ts";
import { anywhere, hubOfOrigin, LOCAL_HUB } from "./origin.ts";
import { requireUtf8 } from "./utf8.ts";
import { failureJson, failureLines, type World } from "./session.ts";

/** Commands that are only ever run as the hub's own build. */
const OF_THE_HUB: ReadonlySet<string | undefined> = new Set(["setup", "install"]);

/** Runs a command to its end; gives the exit code. */
export async function main(args: readonly string[], world: World = thisWorld()): Promise<number> {
  let exit: Exit = EXIT.ok;
  const newer = OF_THE_HUB.has(args[0]) ? await inNewer(args, world.env) : undefined;
  if (newer !== undefined) return newer;
  const program = programFor(world, { ended: (code) => (exit = code), isQuiet: wantsJson(args) });
  try {
    requireUtf8(args);
    await program.parseAsync([...args], { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return await misused(error, program, args, world);
    return tell(failedFrom(error), args, world);
  }
}

/** Of a command that there is not: perhaps the hub's own build has it. */
async function misused(
  error: CommanderError,
  { commands }: Command,
  args: readonly string[],
  world: World,
): Promise<number> {
  const { exitCode, code, message } = error;
  if (exitCode === 0) return EXIT.ok;
  const newer = code === "commander.unknownCommand" ? await inNewer(args, world.env) : undefined;
  if (newer !== undefined) return newer;
  const isMissing = code === "commander.help";
  if (isMissing && !wantsJson(args)) return EXIT.usage;
  const named = commands.find((command) => args.includes(command.name()))?.name();
  const hint = `this says what it takes: {channel-hub} ${named === undefined ? "" : `${named} `}--help`;
  // Of a misspelt one, what was meant stands on a line of its own.
  const says = isMissing ? "which command?" : message.replace(/^error: /, "").replaceAll("\n", " ");
  return tell(new Failed(EXIT.usage, says, hint), args, world);
}

/** Says on stderr why the command fails; with `--json`, as `{"ok":false,"error":"…","code":"…","hint":"…"}`. */
function tell(failed: Failed, args: readonly string[], world: World): Exit {
  const command = commandIn(world.env);
  const text = wantsJson(args) ? failureJson(failed, command) : failureLines(failed, command);
  world.stderr.write(`${text}\n`);
  return failed.exit;
}

function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes("--json");
}

/** How whoever reads an error starts this command again. */
function commandIn(env: World["env"]): string {
  return anywhere(hubOfOrigin() ?? (env["CHANNEL_HUB_URL"] || LOCAL_HUB));
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
