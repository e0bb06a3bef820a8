/** `completion`: what makes a shell complete commands, flags and channels; the shell asks `complete` for words. */
import type { Command, Option } from "commander";
import { showLine } from "../../protocol/index.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_channel_hub() {
  local IFS=$'\\n'
  COMPREPLY=($(channel-hub complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _channel_hub channel-hub
`,
  zsh: `#compdef channel-hub
_channel_hub() {
  local -a found
  found=("\${(@f)$(channel-hub complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _channel_hub channel-hub
`,
  fish: `complete -c channel-hub -f -a '(channel-hub complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
};

/** What the last of \`words\` may become. \`channels\` is asked only where one can stand. */
export async function candidates(
  program: Command,
  words: readonly string[],
  channels: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const current = words.at(-1) ?? "";
  const { command, operands, pending } = place(program, words.slice(0, -1));
  const fitting = (all: readonly string[]): readonly string[] => all.filter((one) => one.startsWith(current));
  if (pending !== undefined) return fitting(pending.argChoices ?? []);
  if (current.startsWith("-")) return fitting([...command.options, ...program.options].filter(isShown).flatMap(longOf));
  const below = namesOf(command);
  if (below.length > 0) return fitting(below);
  const argument = command.registeredArguments[operands];
  if (argument?.argChoices !== undefined) return fitting(argument.argChoices);
  return argument?.name() === "channel" ? fitting((await channels()).map(showLine)) : [];
}

interface Place {
  readonly command: Command;
  /** Arguments that stand before the word. */
  readonly operands: number;
  /** The flag whose value the word is. */
  readonly pending: Option | undefined;
}

function place(program: Command, before: readonly string[]): Place {
  let command = program;
  let operands = 0;
  let pending: Option | undefined;
  for (const word of before) {
    if (pending !== undefined) pending = undefined;
    else if (word.startsWith("-")) pending = flagOf(program, command, word);
    else {
      const below = command.commands.find((one) => one.name() === word);
      if (below === undefined) operands++;
      else command = below;
    }
  }
  return { command, operands, pending };
}

/** The flag that waits for a value. */
function flagOf(program: Command, command: Command, word: string): Option | undefined {
  const flag = [...command.options, ...program.options].find(({ long, short }) => long === word || short === word);
  return flag?.required === true ? flag : undefined;
}

function namesOf(command: Command): readonly string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name());
}

function isShown({ hidden }: Option): boolean {
  return !hidden;
}

function longOf({ long }: Option): readonly string[] {
  return long === undefined || long === null ? [] : [long];
}
