/** `key new`: a hub key for whoever runs a hub. `key agent`: an identity that can be proven. */
import { createHash, randomBytes } from "node:crypto";
import { createIdentity } from "../../client/identity.ts";
import { check, field, showJson, showLine } from "../../protocol/index.ts";
import { EXIT, Failed } from "../exit.ts";
import type { Prepared } from "../session.ts";

export interface NewKeyFlags {
  readonly json: boolean;
  readonly scope: "read" | "agent" | "admin";
  readonly kid?: string;
  /** Binds the key to one agent. */
  readonly bind?: string;
}

const SECRET_BYTES = 32;
/** As the hub takes them in `HUB_KEYS`. */
const KID = /^[A-Za-z0-9-]{1,32}$/;

/** Two lines: the key, which only its holder keeps, and the entry that lets it in. */
export async function newKey({ terminal }: Prepared, { json, scope, bind, ...flags }: NewKeyFlags): Promise<void> {
  const kid = flags.kid ?? `k${randomBytes(3).toString("hex")}`;
  if (!KID.test(kid)) throw new Failed(EXIT.usage, "--kid must be 1 to 32 letters, digits or hyphens");
  const bound = bind === undefined ? undefined : check(field.agentKey, bind, "--bind");
  if (bound?.ok === false) throw new Failed(EXIT.usage, `--bind: ${bound.refusal.error}`);
  const key = `hub_${kid}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  const digest = createHash("sha256").update(key).digest("hex");
  const entry = [kid, scope, digest, ...(bind === undefined ? [] : [bind])].join(":");
  await terminal.out(json ? `${showJson({ key, entry })}\n` : `${key}\n${entry}\n`);
  terminal.note("the first line is the key: a secret, shown once; the second is its entry for HUB_KEYS");
}

/** Prints the agent key. One that is kept is only replaced when that is asked for: its channels know it alone. */
export async function agentKey(
  { file, terminal, world }: Prepared,
  { json, force }: { readonly json: boolean; readonly force: boolean },
): Promise<void> {
  const { agent, identity: kept } = file.read();
  const old = agent ?? kept?.x;
  if (old !== undefined && !force) {
    const what = kept === undefined ? `the agent key ${agent}` : "an identity";
    throw new Failed(EXIT.failed, `${file.path} holds ${what} already`, REPLACING);
  }
  const { identity, secret } = await createIdentity();
  file.keep({ identity: secret, agent: identity.key });
  await terminal.out(`${json ? showJson({ agent: identity.key }) : identity.key}\n`);
  terminal.note(`kept in ${file.path}, readable for you alone; whoever has it is this agent`);
  if (agent !== undefined)
    terminal.note(`${showLine(agent)} is no longer used here; it stays in the channels it joined`);
  const told = world.env["CHANNEL_HUB_AGENT"] || undefined;
  if (told !== undefined)
    terminal.note(`CHANNEL_HUB_AGENT is set to ${showLine(told)}, which counts before this one: unset it`);
}

const REPLACING = "--force replaces it for good: the new one is in none of its channels, and cannot act as it";
