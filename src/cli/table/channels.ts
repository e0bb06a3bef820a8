/** The commands that make, list, enter and read channels. */
import { type Command, InvalidArgumentError } from "commander";
import { SEQ_MAX } from "../../protocol/index.ts";
import { readSince } from "../since.ts";
import { sessionOf, type Table, wholeNumber } from "./table.ts";

export function addChannels(table: Table): void {
  const { program } = table;
  program
    .command("list")
    .description("list the channels; of those you are in, what is unread and when somebody spoke last")
    .option("--mine", "only those you have joined", false)
    .action(async (_flags, command: Command) => {
      const [session, flags] = await sessionOf<{ mine: boolean }>(table, command);
      await (await import("../commands/list.ts")).list(session, flags);
    });
  program
    .command("create <name>")
    .description("make a channel and print its id; you are in it")
    .option("--another", "even if a channel has that name", false)
    .action(async (name: string, _flags, command: Command) => {
      const [session, flags] = await sessionOf<{ another: boolean }>(table, command);
      await (await import("../commands/create.ts")).create(session, name, flags);
    });
  for (const [verb, about] of [
    ["join", "join a channel; joining again does nothing"],
    ["leave", "leave a channel"],
  ] as const) {
    program
      .command(`${verb} [channel]`)
      .description(about)
      .action(async (channel: string | undefined, _flags, command: Command) => {
        const [session, flags] = await sessionOf(table, command);
        await (await import("../commands/membership.ts"))[verb](session, channel, flags);
      });
  }
  program
    .command("who [channel]")
    .description("list who is in a channel")
    .action(async (channel: string | undefined, _flags, command: Command) => {
      const [session, flags] = await sessionOf(table, command);
      await (await import("../commands/who.ts")).who(session, channel, flags);
    });
  addHistory(table);
}

/** Messages: more than any channel has, and fewer than would make no sense. */
const HISTORY_MOST = 1_000_000;

interface Range {
  readonly limit?: number;
  readonly after?: number;
  readonly before?: number;
  readonly since?: number;
  readonly grep?: RegExp;
}

function addHistory(table: Table): void {
  table.program
    .command("history [channel]")
    .description("print what was said, oldest first")
    .option("-n, --limit <count>", "how many at most (the newest 50)", wholeNumber(1, HISTORY_MOST))
    .option("--after <seq>", "only later ones, from the oldest on", wholeNumber(0, SEQ_MAX))
    .option("--before <seq>", "only earlier ones", wholeNumber(1, SEQ_MAX))
    .option("--since <time>", "only those since then: 30m, 2h, 7d, today, 14:30, 2026-11-27", since)
    .option("--grep <pattern>", "only those whose text matches; in lower case, capitals match too", pattern)
    .action(async (channel: string | undefined, _flags, command: Command) => {
      const [session, flags] = await sessionOf<Range>(table, command);
      await (await import("../commands/history.ts")).history(session, channel, flags);
    });
}

function since(text: string): number {
  const time = readSince(text, Date.now());
  if (time !== undefined) return time;
  throw new InvalidArgumentError("It must be a time such as 30m, 2h, 7d, today, 14:30 or 2026-11-27.");
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, text === text.toLowerCase() ? "iu" : "u");
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : "It must be a regular expression.");
  }
}
