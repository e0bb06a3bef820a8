/** Which keys a deploy goes up with, where that takes away none that is in use without its owner's word. */
import { askHub } from "./hub.ts";
import { mayAsk, orRefuse, Refused } from "./questions.ts";
import { FILE, type Found, keepKey, newKey, type Secrets } from "./secrets.ts";
import { knownUrl } from "./known-url.ts";
import type { Wishes } from "./wishes.ts";

export interface KeyQuestion {
  readonly wishes: Wishes;
  readonly found: Found | undefined;
  readonly worker: string;
  /** Whether the account has the Worker already. */
  readonly isThere: boolean;
  readonly file: string;
}

/** Those found on this machine, or a new one. */
export async function settleKeys({ wishes, found, worker, isThere, file }: KeyQuestion): Promise<Found> {
  if (found !== undefined && !wishes.new_key) return await keepOrReplace(found, wishes);
  if (found?.from === "environment") {
    throw new Refused("--new-key: HUB_KEY or HUB_KEYS stand in the environment; unset them first");
  }
  if (!wishes.new_key && isThere) {
    await orRefuse(
      `The hub ${worker} has a key, and this machine does not have it. A new one shuts out everybody who uses the old one. Make a new key?`,
      `The hub ${worker} has a key, and this machine does not have it. Copy ${FILE} from where the hub was deployed, or set HUB_KEY in the environment. To replace the key: npm run deploy -- --new-key. Nothing was deployed.`,
    );
  }
  if (!wishes.new_key && !isThere && process.env["CI"] !== undefined) throw new Refused(NO_KEY_IN_CI);
  return makeKey(file, found?.secrets ?? {});
}

const NO_KEY_IN_CI =
  "A key made here would be lost with this machine. Set HUB_KEY as a secret of the CI to 32 random bytes, such as openssl rand -base64 32 prints. Nothing was deployed.";

/** A key that the running hub refuses is another than it has. */
async function keepOrReplace(found: Found, wishes: Wishes): Promise<Found> {
  const url = knownUrl(wishes);
  const key = found.secrets.HUB_KEY;
  if (url === undefined || key === undefined || wishes.replace) return found;
  const answer = await askHub(url, key);
  if (answer.kind !== "refused" || answer.code !== "unauthorized") return found;
  await orRefuse(
    `The hub at ${url} has another HUB_KEY. Replacing it shuts out everybody who uses the old one. Replace it?`,
    `The hub at ${url} has another HUB_KEY than ${found.from === "file" ? FILE : "the environment"}. To replace it: npm run deploy -- --replace. Nothing was deployed.`,
  );
  return found;
}

/** Shown on a terminal alone: logs are kept longer and read by more people. */
function makeKey(file: string, others: Secrets): Found {
  const key = newKey();
  keepKey(file, key);
  const shown = process.stdout.isTTY && mayAsk() ? `; shown this once:\n  ${key}` : ".";
  console.log(`Made a hub key and keep it in ${FILE}${shown}`);
  return { secrets: { ...others, HUB_KEY: key }, from: "file" };
}
