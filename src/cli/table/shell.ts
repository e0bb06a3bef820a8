/** The commands for those who use several hubs, and for the shell itself. */
import { Argument, type Command } from "commander";
import { ConfigFile } from "../config-file.ts";
import { failedFrom } from "../exit.ts";
import { allChannels } from "../channels.ts";
import { terminalOn } from "../terminal.ts";
import { type All, sessionOf, type Table } from "./table.ts";
import type { ProfileDesk } from "../commands/profile.ts";

export function addShell(table: Table): void {
  addProfiles(table);
  addCompletion(table);
}

function addProfiles(table: Table): void {
  const profile = table.program.command("profile").description("settings for several hubs");
  profile
    .command("list", { isDefault: true })
    .description("list them; * is the one in use")
    .action(async (_flags, command: Command) => {
      await (await import("../commands/profile.ts")).list(deskOf(table), command.optsWithGlobals());
    });
  profile
    .command("add <profile>")
    .description("keep --url, --agent, --name and the key of CHANNEL_HUB_KEY under a name")
    .option("--channel <channel>", "the channel that is meant where none is named")
    .action(async (name: string, _flags, command: Command) => {
      const flags: All & { channel?: string } = command.optsWithGlobals();
      (await import("../commands/profile.ts")).add(deskOf(table), name, flags);
    });
  for (const [verb, about] of [
    ["use", "use it from now on; default is what stands outside all profiles"],
    ["remove", "forget it"],
  ] as const) {
    profile
      .command(`${verb} <profile>`)
      .description(about)
      .action(async (name: string) => {
        (await import("../commands/profile.ts"))[verb](deskOf(table), name);
      });
  }
}

function deskOf({ world }: Table): ProfileDesk {
  const terminal = terminalOn(world.stdout, world.stderr, world.env);
  return { file: new ConfigFile(world.env), terminal, env: world.env };
}

function addCompletion(table: Table): void {
  const { program, world, ended } = table;
  const shells = ["bash", "zsh", "fish"] as const;
  program
    .command("completion")
    .description('print what makes a shell complete this command: eval "$(channel-hub completion bash)"')
    .addArgument(new Argument("<shell>").choices(shells))
    .action(async (shell: (typeof shells)[number]) => {
      const { SCRIPTS } = await import("../commands/completion.ts");
      await terminalOn(world.stdout, world.stderr, world.env).out(SCRIPTS[shell]);
    });
  program.command("complete [words...]", { hidden: true }).action(async (words: string[], _flags, command: Command) => {
    const { candidates } = await import("../commands/completion.ts");
    const channels = async (): Promise<readonly string[]> => {
      const [{ hub, agent }] = await sessionOf(table, command);
      return (await allChannels(hub, agent.key)).map(({ id, name }) => (/^[\w.-]+$/.test(name) ? name : id));
    };
    try {
      const found = await candidates(program, words, channels);
      await terminalOn(world.stdout, world.stderr, world.env).out(found.map((one) => `${one}\n`).join(""));
    } catch (error) {
      // Nobody reads an error beside what is being typed: the code alone tells.
      ended(failedFrom(error).exit);
    }
  });
}
