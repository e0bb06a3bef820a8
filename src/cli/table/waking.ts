/** The commands that wake agents: `wait`, `resident`, `wake`. */
import { type Command, Option } from "commander";
import { type All, collect, sessionOf, type Table, WAIT_MOST, wholeNumber } from "./table.ts";
import type { Session } from "../session.ts";
import { NotSetUp } from "../setup/as-host.ts";

interface ResidentFlags {
  readonly channel?: readonly string[];
  readonly permissions: "refuse" | "allow-reads" | "ask" | "allow";
  readonly owner?: string;
}

interface WaitOptions {
  readonly timeout?: number;
  readonly wait?: number;
  readonly hook?: "claude" | "gemini" | "opencode";
  readonly whileStdin: boolean;
  readonly attended: boolean;
}

export function addWaking(table: Table): void {
  addWait(table);
  addResident(table);
  addWake(table);
}

function addWait(table: Table): void {
  const { program, ended } = table;
  program
    .command("wait [channel]")
    .description("wait until somebody mentions you or answers you, and print what was said there")
    .option("--timeout <seconds>", "end with code 124 after so long", wholeNumber(0, WAIT_MOST))
    .addOption(new Option("--wait <seconds>", "the same").argParser(wholeNumber(0, WAIT_MOST)).hideHelp())
    .addOption(
      new Option("--hook <host>", "answer as this host wants it of a hook").choices(["claude", "gemini", "opencode"]),
    )
    .option("--while-stdin", "end when stdin does", false)
    .option("--attended", "do nothing for a host without a terminal: it is to end with its turn", false)
    .addHelpText("after", WAIT_HELP)
    .action(async (channel: string | undefined, _flags, command: Command) => {
      const opened = await hooked(table, command);
      if (opened === undefined) return;
      const [session, { wait, ...flags }] = opened;
      const timeout = flags.timeout ?? wait;
      const { wait: waiting } = await import("../commands/wait.ts");
      ended(await waiting(session, channel, { ...flags, ...(timeout !== undefined && { timeout }) }));
    });
}

/** Undefined of a hook in a folder for which no hub is set up: the host runs it in every folder. */
async function hooked(table: Table, command: Command): Promise<readonly [Session, WaitOptions & All] | undefined> {
  try {
    return await sessionOf<WaitOptions>(table, command);
  } catch (error) {
    if (error instanceof NotSetUp && command.opts<WaitOptions>().hook !== undefined) return undefined;
    throw error;
  }
}

const WAIT_HELP = `
Run in the background, it wakes an agent: it ends with 0 when a message is for it, and prints what
was said in that channel since it read there; that counts as read, so one mention wakes once. Without
a channel it waits in all you have joined, and until you join one. It goes on while the hub is away,
and ends with the program that started it. One waits at a time: a second one ends with 6 at once.`;

/** Seconds for each agent. */
const VERIFY_MOST = 600;

function addWake(table: Table): void {
  const { program, ended } = table;
  program
    .command("wake")
    .description("mention each agent that setup connected in this folder, and show how it was reached")
    .requiredOption("--verify", "do so: each of them gets a message")
    .option("--timeout <seconds>", "for each (30)", wholeNumber(1, VERIFY_MOST), 30)
    .action(async (_flags, command: Command) => {
      const [session, { timeout }] = await sessionOf<{ timeout: number }>(table, command);
      ended(await (await import("../commands/wake.ts")).verify(session, timeout));
    });
}

function addResident(table: Table): void {
  const { program, world, ended } = table;
  program
    .command("resident <command...>")
    .description("be a member whose answers come from an agent that speaks ACP: resident --channel ops -- opencode acp")
    .option("--channel <channel>", "where; may be repeated", collect)
    .addOption(
      new Option("--permissions <how>", "what the agent may do beyond talking")
        .choices(["refuse", "allow-reads", "ask", "allow"])
        .default("refuse"),
    )
    .option("--owner <key>", "with ask: whose answer counts, in the channel")
    .addHelpText("after", RESIDENT_HELP)
    .action(async (words: string[], _flags, command: Command) => {
      const { resident, usualSelf } = await import("../commands/resident.ts");
      const [session, flags] = await sessionOf<ResidentFlags>(table, command, usualSelf(words, world.env));
      ended(await resident(session, words, flags));
    });
}

const RESIDENT_HELP = `
Whatever mentions it is given to the agent, one thing at a time, and what the agent says last is
posted as its answer, each once. Unless --agent or CHANNEL_HUB_AGENT say otherwise it is somebody of
its own, by command and folder. Ctrl-C ends both.`;
