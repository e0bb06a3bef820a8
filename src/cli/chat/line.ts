/** What a line typed in a chat means: words for the channel, or a command for the chat itself. Pure. */

export const COMMANDS = {
  help: "show this",
  who: "show who is here",
  quit: "end the chat; Ctrl-D does too",
} as const;

export type ChatCommand = keyof typeof COMMANDS;

export type Line =
  | { readonly type: "nothing" }
  | { readonly type: "say"; readonly text: string }
  | { readonly type: ChatCommand }
  | { readonly type: "unknown"; readonly command: string };

/** Only a line that starts with one slash is a command: `//text` says `/text`. */
export function readLine(line: string): Line {
  if (line.trim() === "") return { type: "nothing" };
  if (line.startsWith("//")) return { type: "say", text: line.slice(1) };
  if (!line.startsWith("/")) return { type: "say", text: line };
  const command = line.slice(1).split(/\s/, 1)[0] ?? "";
  return Object.hasOwn(COMMANDS, command) ? { type: command as ChatCommand } : { type: "unknown", command };
}

export const HELP: readonly string[] = [
  ...Object.entries(COMMANDS).map(([command, does]) => `/${command.padEnd(6)} ${does}`),
  "//text  say /text",
  "Tab     completes the names of those who are here",
];

/**
 * What Tab makes of the end of a line, as Node's readline wants it: candidates, and the part that
 * they replace. A name is completed as the mention of it.
 */
export function complete(line: string, names: readonly string[]): readonly [string[], string] {
  if (/^\/\w*$/.test(line)) {
    return [
      Object.keys(COMMANDS)
        .map((one) => `/${one}`)
        .filter((one) => one.startsWith(line)),
      line,
    ];
  }
  const at = line.lastIndexOf("@");
  // A name may hold spaces, so what follows an @ is tried as a whole first.
  const mention = at < 0 ? "" : line.slice(at);
  const byMention = mention === "" ? [] : startingWith(mention.slice(1), names);
  if (byMention.length > 0) return [byMention, mention];
  const word = /\S*$/.exec(line)?.[0] ?? "";
  return word === "" ? [[], line] : [startingWith(word.replace(/^@/, ""), names), word];
}

function startingWith(start: string, names: readonly string[]): string[] {
  const wanted = start.toLowerCase();
  return names.filter((name) => name.toLowerCase().startsWith(wanted)).map((name) => `@${name} `);
}
