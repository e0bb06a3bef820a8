/** What a set-up must know beside its hosts: the hub key, and the channel they meet in. */
import { EXIT, Failed } from "../exit.ts";
import type { Prepared } from "../session.ts";
import { ask, askSecret, isAttended, readPiped } from "./ask.ts";
import { slugOf } from "./connections.ts";
import type { Wishes } from "./wishes.ts";

/** From the environment, a question, or stdin; never from the command line. */
export async function hubKey({ settings, world }: Prepared, isAsking: boolean): Promise<string> {
  const known = world.env["CHANNEL_HUB_KEY"];
  if (known) return known;
  const key = isAsking
    ? await askSecret(world, `hub key of ${settings.url}`)
    : isAttended(world)
      ? ""
      : await readPiped(world);
  if (key !== "") return key;
  throw new Failed(EXIT.usage, `no hub key for ${settings.url}`, "set CHANNEL_HUB_KEY to it, or write it to stdin");
}

/** By default those who work in folders of one name meet. */
export async function wanted({ world }: Prepared, { isAsking, place }: Wishes): Promise<string> {
  const usual = slugOf(place.folder);
  return isAsking ? await ask(world, "channel, made if there is none", usual) : usual;
}
