/** The table of commands, with their help: what `channel-hub --help` says is all there is. */
import { Command, Option } from "commander";
import { KINDS, SEQ_MAX } from "../protocol/index.ts";
import { EXIT_HELP, type Exit } from "./exit.ts";
import { prepare, type World } from "./session.ts";
import { addChannels } from "./table/channels.ts";
import { addModeration } from "./table/moderation.ts";
import { addOwning } from "./table/owner.ts";
import { addShell } from "./table/shell.ts";
import { type All, collect, sessionOf, type Table, WAIT_MOST, wholeNumber } from "./table/table.ts";
import { addWaking } from "./table/waking.ts";
import { VERSION } from "./version.ts";

const ABOUT = `Channels where agents talk, from a shell.

Data goes to stdout, all else to stderr.`;

const SETTINGS_HELP = `Settings, the first that is given counts:
  --url     CHANNEL_HUB_URL      "url"      the hub          http://127.0.0.1:8787
  --key     CHANNEL_HUB_KEY      "key"      the hub key      dev-key, where no url is given
  --agent   CHANNEL_HUB_AGENT    "agent"    who you are      made at first use, and kept
  --name    CHANNEL_HUB_NAME     "name"     what others see  the agent key
  CHANNEL   CHANNEL_HUB_CHANNEL  "channel"  id or name
  --profile CHANNEL_HUB_PROFILE  "profile"  one of several hubs: channel-hub profile --help
  from flags, environment, and the file \${XDG_CONFIG_HOME:-~/.config}/channel-hub/config.json`;

const EXAMPLES = `Examples:
  channel-hub create ops
  channel-hub send ops "@BRAVO please review"
  git diff | channel-hub send ops -
  channel-hub listen ops --json | jq -r .text
  channel-hub wait && echo "somebody wants me"`;

export interface Run {
  /** Is told the exit code of a command that has one of its own. */
  readonly ended: (exit: Exit) => void;
  /** Whether a program reads what is wrong. */
  readonly isQuiet: boolean;
}

export function programFor(world: World, { ended, isQuiet }: Run): Command {
  const program = new Command("channel-hub")
    .description(ABOUT)
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this, or with a command, its own help")
    .option("--url <url>", "the hub's address")
    .option("--key <key>", "the hub key; others on this machine can see it here: prefer CHANNEL_HUB_KEY")
    .option("--agent <key>", "who you are")
    .option("--name <name>", "what others see")
    .addOption(new Option("--kind <kind>", "what you are").choices(KINDS))
    .option("--host <host>", "speak as the agent that setup made for this host in this folder")
    .option("--profile <profile>", "the hub of this profile, whatever the environment says")
    .option("--json", "print JSON, one value a line", false)
    .addHelpText("after", `\n${SETTINGS_HELP}\n\n${EXIT_HELP}\n\n${EXAMPLES}`)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      // Help where no command was given.
      writeErr: (text) => void (isQuiet || world.stderr.write(text)),
      // Whoever catches it says it, with what to do.
      outputError: () => undefined,
    });
  const table: Table = { program, world, ended };
  addChannels(table);
  addTalking(table);
  addWaking(table);
  addHosts(table);
  addModeration(table);
  addOwning(table);
  addMachinery(table);
  addShell(table);
  return program;
}

interface ListenOptions {
  readonly once: boolean;
  readonly for: "all" | "me";
  readonly wait?: number;
  readonly after?: number;
}

function addTalking(table: Table): void {
  const { program, ended } = table;
  program
    .command("send <channel> <text...>")
    .description("send a message and print its number; the text - is stdin")
    .option("--to <who>", "a name or key it is for; may be repeated", collect)
    .option("--reply-to <seq>", "the number of the message it answers", wholeNumber(1, SEQ_MAX))
    .option("--id <id>", "a client_msg_id: sent again with the same one, it is stored once")
    .action(async (channel: string, text: string[], _flags, command: Command) => {
      const [session, flags] = await sessionOf<{ to?: string[]; replyTo?: number; id?: string }>(table, command);
      await (await import("./commands/send.ts")).send(session, channel, text.join(" "), flags);
    });
  program
    .command("listen [channel]")
    .description("print what is new since your read position, and what comes, until Ctrl-C")
    .option("--once", "end with the first messages", false)
    .addOption(new Option("--for <whom>", "me: only what mentions you").choices(["all", "me"]).default("all"))
    .option("--wait <seconds>", "end with code 124 when nothing came for so long", wholeNumber(0, WAIT_MOST))
    .option("--after <seq>", "only what is later; all up to it counts as read", wholeNumber(0, SEQ_MAX))
    .addHelpText("after", LISTEN_HELP)
    .action(async (channel: string | undefined, _flags, command: Command) => {
      const [session, flags] = await sessionOf<ListenOptions>(table, command);
      ended(await (await import("./commands/listen.ts")).listen(session, channel, flags));
    });
  program
    .command("chat [channel]")
    .description("talk: what is said is printed, each line you type is sent; joins if need be")
    .action(async (channel: string | undefined, _flags, command: Command) => {
      // Whoever types at a terminal is a person, unless they say otherwise.
      const usual = table.world.stdin.isTTY === true ? ({ kind: "human" } as const) : {};
      const [session, flags] = await sessionOf(table, command, usual);
      ended(await (await import("./commands/chat.ts")).chat(session, channel, flags));
    });
}

const LISTEN_HELP = `
Without a channel, all you have joined. What was printed counts as read, so the next listen goes on
from there. Joins and leaves are printed along with the next message. It goes on while the hub is away.`;

/** Seconds: an hour shows what there is to see. */
const DOCTOR_MOST = 3600;

/** What brings agents in. */
function addHosts(table: Table): void {
  const { program, world, ended } = table;
  program
    .command("setup [hosts...]")
    .description("connect the hosts that are installed here to this hub, in this folder, and show that it works")
    .option("--channel <channel>", "which to join, by id or name; made if there is none (named like the folder)")
    .option("-y, --yes", "ask nothing", false)
    .option("--dry-run", "show what would be written, and write nothing", false)
    .option("--remove", "undo what setup did in this folder", false)
    .addHelpText("after", SETUP_HELP)
    .action(async (hosts: string[], _flags, command: Command) => {
      ended(await (await import("./commands/setup.ts")).setup(hosts, command.optsWithGlobals(), world));
    });
  program
    .command("install <host>")
    .description("print what makes claude, codex, gemini, cursor or opencode use this hub")
    .addOption(new Option("--local", "the form that runs beside the agent, which is the usual one").conflicts("remote"))
    .option("--remote", "the form that needs nothing installed", false)
    .action(async (host: string, _flags, command: Command) => {
      await (await import("./commands/install.ts")).install(host, command.optsWithGlobals(), world);
    });
}

function addMachinery(table: Table): void {
  const { program, world, ended } = table;
  program
    .command("status")
    .description("which hub, as whom, and what is unread")
    .action(async (_flags, command: Command) => {
      const [session, flags] = await sessionOf(table, command);
      await (await import("./commands/status.ts")).status(session, flags);
    });
  program
    .command("mcp")
    .description("serve the tool spf_channel over stdio, for an MCP host to start")
    .action(async (_flags, command: Command) => {
      await (await import("./commands/mcp.ts")).mcp(command.optsWithGlobals(), world);
    });
  program
    .command("doctor [url]")
    .description("find out whether agents can rely on a hub from here: two of them talk there")
    .option("--seconds <seconds>", "how long", wholeNumber(1, DOCTOR_MOST), 60)
    .action(async (url: string | undefined, _flags, command: Command) => {
      const flags: All & { seconds: number } = command.optsWithGlobals();
      const prepared = prepare({ ...flags, ...(url !== undefined && { url }) }, world);
      ended(await (await import("./commands/doctor.ts")).doctor(prepared, flags));
    });
  addKeys(table);
}

function addKeys({ program, world }: Table): void {
  const key = program.command("key").description("make keys");
  key
    .command("new")
    .description("make a hub key: print it, and its entry for the hub's HUB_KEYS")
    .addOption(new Option("--scope <scope>", "what it admits to").choices(["read", "agent", "admin"]).default("agent"))
    .option("--kid <kid>", "its name (random)")
    .option("--bind <agent>", "it speaks for this agent key alone")
    .action(async (_flags, command: Command) => {
      const flags: All & { scope: "agent"; kid?: string; bind?: string } = command.optsWithGlobals();
      await (await import("./commands/key.ts")).newKey(prepare(flags, world), flags);
    });
  key
    .command("agent")
    .description("make an identity that can be proven (Ed25519), keep it, print its agent key")
    .option("--force", "replace the one that is kept, for good", false)
    .action(async (_flags, command: Command) => {
      const flags: All & { force: boolean } = command.optsWithGlobals();
      await (await import("./commands/key.ts")).agentKey(prepare(flags, world), flags);
    });
}

const SETUP_HELP = `
Run it in the project's folder. Hosts are claude, codex, gemini, opencode, cursor; without any, those
that are installed. The hub key is asked for, or taken from CHANNEL_HUB_KEY or the first line of
stdin. What will be written to the hosts' settings is shown first; a backup stands beside each file.`;
