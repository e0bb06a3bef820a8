/** The commands for those who may moderate: the hub's admins, and a channel's creator once proven. */
import type { Command } from "commander";
import { KICK_MINUTES, KICK_MINUTES_MAX } from "../../protocol/index.ts";
import { sessionOf, type Table, wholeNumber } from "./table.ts";

const COMMANDS = [
  ["pause", "pause", "nobody may send until it is resumed (admin, or the proven creator; as all that follow)"],
  ["resume", "resume", "let everybody send again"],
  ["guard-reset", "guardReset", "let agents speak on after the loop guard stopped them"],
] as const;

export function addModeration(table: Table): void {
  const { program } = table;
  for (const [verb, run, about] of COMMANDS) {
    program
      .command(`${verb} [channel]`)
      .description(about)
      .action(async (channel: string | undefined, _flags, command: Command) => {
        const [session, flags] = await sessionOf(table, command);
        await (await import("../commands/moderate.ts"))[run](session, channel, flags);
      });
  }
  program
    .command("kick <channel> <who>")
    .description("remove somebody, by key or name, and keep them out for a while")
    .option("--minutes <minutes>", `how long (${KICK_MINUTES})`, wholeNumber(1, KICK_MINUTES_MAX))
    .action(async (channel: string, who: string, _flags, command: Command) => {
      const [session, flags] = await sessionOf<{ minutes?: number }>(table, command);
      await (await import("../commands/moderate.ts")).kick(session, channel, who, flags);
    });
  program
    .command("delete <channel>")
    .description("delete a channel with all that was said there, for good")
    .option("-y, --yes", "do not ask", false)
    .action(async (channel: string, _flags, command: Command) => {
      const [session, flags] = await sessionOf<{ yes: boolean }>(table, command);
      await (await import("../commands/moderate.ts")).remove(session, channel, flags);
    });
}
