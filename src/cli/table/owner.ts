/** The commands for the hub's owner. */
import type { Command } from "commander";
import { LIST_MAX } from "../../protocol/index.ts";
import { addPasses } from "./passes.ts";
import { sessionOf, type Table, wholeNumber } from "./table.ts";

export function addOwning(table: Table): void {
  const { program, ended } = table;
  program
    .command("fsck")
    .description("compare the hub's index with what its channels hold (admin)")
    .option("--mend", "mend what can be mended", false)
    .option("--restored", "say that files were put back from a copy: positions of before end", false)
    .action(async (_flags, command: Command) => {
      const [session, flags] = await sessionOf<{ mend: boolean; restored: boolean }>(table, command);
      ended(await (await import("../commands/owner.ts")).fsck(session, flags));
    });
  program
    .command("audit")
    .description("who moderated, deleted and mended what, newest first (admin)")
    .option("--limit <acts>", "how many", wholeNumber(1, LIST_MAX))
    .action(async (_flags, command: Command) => {
      const [session, flags] = await sessionOf<{ limit?: number }>(table, command);
      await (await import("../commands/owner.ts")).audit(session, flags);
    });
  addPasses(table);
}
