/** The commands that let in and put out, for the hub's admins. */
import { type Command, Option } from "commander";
import { KINDS, PASS_MOST_S, SCOPES } from "../../protocol/index.ts";
import type { Making } from "../commands/pass.ts";
import { sessionOf, type Table, wholeNumber } from "./table.ts";

const MAKE = `
The text of the pass is shown this once. It is used wherever a hub key is:
  $ channel-hub pass make --for "$KEY" --in ops --hours 24 --note contractor > pass.txt`;

export function addPasses(table: Table): void {
  const pass = table.program.command("pass").description("let somebody in by a pass, and put them out again (admin)");
  pass
    .command("make")
    .description("make a pass, which is a hub key that can be taken back at once")
    .addOption(new Option("--scope <scope>", "what it allows").choices(SCOPES).default("agent"))
    .option("--for <key>", "the only agent it speaks for; it proves that key")
    .option("--called <name>", "what its bearer is called who gives no name")
    .addOption(new Option("--as <kind>", "what its bearer is, whatever that says").choices(KINDS))
    .option("--in <channel...>", "the only channels it reaches, at most 16")
    .option("--hours <hours>", "how long it is good; for good when left out", wholeNumber(1, PASS_MOST_S / 3600))
    .option("--note <text>", "what it is for, to those who read the list")
    .addHelpText("after", MAKE)
    .action(async (_flags, command: Command) => {
      const [session, flags] = await sessionOf<Making>(table, command);
      await (await import("../commands/pass.ts")).make(session, flags);
    });
  pass
    .command("list")
    .description("the passes, oldest first; never their texts")
    .option("--in <channel>", "only those that name this channel")
    .action(async (_flags, command: Command) => {
      const [session, flags] = await sessionOf<{ in?: string }>(table, command);
      await (await import("../commands/pass.ts")).list(session, flags);
    });
  pass
    .command("revoke [id]")
    .description("end a pass: nothing succeeds with it from then on, and its sockets close")
    .option("--all", "every pass there is", false)
    .action(async (id: string | undefined, _flags, command: Command) => {
      const [session, flags] = await sessionOf<{ all: boolean }>(table, command);
      await (await import("../commands/pass.ts")).revoke(session, id, flags);
    });
}
