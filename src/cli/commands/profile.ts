/** `profile`: several hubs, each with its address, key and usual channel under a name. */
import { showJson, showLine } from "../../protocol/index.ts";
import { columns } from "../columns.ts";
import type { ConfigFile } from "../config-file.ts";
import { EXIT, Failed } from "../exit.ts";
import { checkedUrl } from "../hub-url.ts";
import { LOCAL_HUB } from "../origin.ts";
import { checkedName, NO_PROFILE, profileOf } from "../profiles.ts";
import type { Kept, Profile } from "../settings.ts";
import type { Terminal } from "../terminal.ts";

export interface ProfileDesk {
  readonly file: ConfigFile;
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export async function list({ file, terminal }: ProfileDesk, { json }: { readonly json: boolean }): Promise<void> {
  const kept = file.read();
  const used = kept.profile ?? NO_PROFILE;
  const all: readonly (readonly [string, Profile])[] = [[NO_PROFILE, kept], ...Object.entries(kept.profiles ?? {})];
  const rows = all.map(([name, { url = LOCAL_HUB, channel }]) => ({ name, url, channel, used: name === used }));
  if (json) for (const row of rows) await terminal.out(`${showJson(row)}\n`);
  else await terminal.out(columns(rows.map((row) => [row.used ? "*" : " ", row.name, showLine(row.url)])));
}

/** The hub key comes from the environment, or the flag; it is never printed. */
export function add({ file, terminal, env }: ProfileDesk, wanted: string, flags: Profile): void {
  const name = checkedName(wanted);
  const key = flags.key ?? (env["CHANNEL_HUB_KEY"] || undefined);
  const url = flags.url ?? (env["CHANNEL_HUB_URL"] || undefined);
  if (url === undefined) throw new Failed(EXIT.usage, "which hub?", "say its address: --url https://hub.example");
  const told = { agent: flags.agent, name: flags.name, channel: flags.channel, key };
  const profile = {
    url: checkedUrl(url),
    ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
  };
  file.keep({ profiles: { ...file.read().profiles, [name]: profile } });
  terminal.note(`kept in ${file.path}: --profile ${name} means it once, profile use ${name} from now on`);
}

export function use({ file, terminal }: ProfileDesk, name: string): void {
  if (name !== NO_PROFILE) profileOf(file.read(), name);
  file.keep({ profile: name });
  terminal.note(`${name} is used from now on`);
}

export function remove({ file, terminal }: ProfileDesk, name: string): void {
  const kept: Kept = file.read();
  profileOf(kept, name);
  const { [name]: _gone, ...profiles } = kept.profiles ?? {};
  file.keep({ profiles, ...(kept.profile === name && { profile: NO_PROFILE }) });
  terminal.note(`removed ${name}`);
}
