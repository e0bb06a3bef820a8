/** Settings for several hubs in one file: each profile is one hub's; who you are is the same unless it says otherwise. */
import { EXIT, Failed } from "./exit.ts";
import { hubOfOrigin } from "./origin.ts";
import { type Environment, type Flags, type Kept, type Profile, type Settings, settingsFrom } from "./settings.ts";

/** Stands for what is at the top of the file, outside all profiles. */
export const NO_PROFILE = "default";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

/** The settings that count with a profile: the hub, key and channel are its own and no other's. */
export function inProfile(kept: Kept, chosen: string | undefined): Kept {
  const name = chosen ?? kept.profile ?? NO_PROFILE;
  if (name === NO_PROFILE) return kept;
  const { agent, name: shown, identity } = kept;
  return { agent, name: shown, identity, ...profileOf(kept, name) };
}

/** @throws Failed of usage where there is none of that name */
export function profileOf({ profiles = {} }: Kept, name: string): Profile {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile !== undefined) return profile;
  const known = [NO_PROFILE, ...Object.keys(profiles)].join(", ");
  throw new Failed(
    EXIT.usage,
    `there is no profile ${name}`,
    `there are ${known}; {channel-hub} profile add ${name} makes it`,
  );
}

/** @throws Failed of usage where a profile may not be called so */
export function checkedName(name: string): string {
  if (NAME.test(name) && name !== NO_PROFILE && name !== "__proto__") return name;
  throw new Failed(EXIT.usage, `a profile's name must be 1 to 32 letters, digits and . _ -, and not "${NO_PROFILE}"`);
}

/** A profile that was named by a flag counts before the environment; whatever else it is, after. */
export function settingsIn(flags: Flags, env: Environment, kept: Kept): Settings {
  if (flags.profile !== undefined) return settingsFrom(flags, {}, inProfile(kept, flags.profile));
  return settingsFrom(flags, env, inProfile(kept, env["CHANNEL_HUB_PROFILE"] || undefined), hubOfOrigin());
}
