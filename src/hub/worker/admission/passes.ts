/**
 * Passes at the door (ACC1). A pass is verified with the hub's secret alone, which this isolate asks
 * of the index once; whether it was revoked says the channel that it is used in, or the index.
 */
import { map, ok, type Pass, PASS_TEXT, passExpired, type Result } from "../../../protocol/index.ts";
import type { Bytes } from "../../between/bytes.ts";
import type { Env } from "../../between/env.ts";
import type { HubKey } from "../../between/key-list.ts";
import { passKey, readPass } from "../../between/pass-text.ts";
import { callIndex } from "../calls/calls.ts";

/** Before the index is asked again: while there was never a pass, and where one is not of the secret known. */
const ASK_AGAIN_MS = { unmade: 1000, made: 60_000 };

/** No kid of `HUB_KEYS` can have an underscore. */
const PASS_SIGNER = "HUB_PASSES";

interface Authority {
  readonly secret: Bytes | undefined;
  readonly key: CryptoKey | undefined;
  readonly asked_at: number;
}

let known: Authority | undefined;

/** The secret is made with the first pass. */
export function forgetAuthority(): void {
  known = undefined;
}

/** The pass that a text is; undefined where the hub did not write it. `now` in Unix milliseconds. */
export async function passIn(env: Env, text: string, now: number): Promise<Result<Pass | undefined>> {
  if (!PASS_TEXT.test(text)) return ok(undefined);
  const before = known;
  const read = before?.key && (await readPass(text, before.key));
  if (read !== undefined) return standing(read, now);
  const asked = await authority(env, now);
  if (!asked.ok) return asked;
  if (asked.value.key === undefined || asked.value === before) return ok(undefined);
  const again = await readPass(text, asked.value.key);
  return again === undefined ? ok(undefined) : standing(again, now);
}

/** A pass whose time is not over. `now` in Unix milliseconds. */
export function standing(pass: Pass, now: number): Result<Pass> {
  const isOver = pass.exp !== undefined && now >= pass.exp * 1000;
  return isOver ? { ok: false, refusal: passExpired(pass.exp) } : ok(pass);
}

/** What signs the tickets of those who come by a pass; none where there was never one. */
export async function passSigner(env: Env, now: number): Promise<Result<readonly HubKey[]>> {
  return map(await authority(env, now), ({ secret }) =>
    secret === undefined ? [] : [{ kid: PASS_SIGNER, scope: "read", digest: secret }],
  );
}

/** The hub key that a pass stands for. Its id says more than a digest would. */
export function keyOf({ id, scope, agent_key }: Pass): HubKey {
  return { kid: id, scope, digest: new Uint8Array(0), ...(agent_key !== undefined && { agent_key }) };
}

async function authority(env: Env, now: number): Promise<Result<Authority>> {
  const wait = known?.key === undefined ? ASK_AGAIN_MS.unmade : ASK_AGAIN_MS.made;
  if (known !== undefined && now < known.asked_at + wait) return ok(known);
  const told = await callIndex(env, async (index) => ok(await index.passSecret()));
  if (!told.ok) return told;
  const secret = told.value;
  known = { secret, key: secret && (await passKey(secret)), asked_at: now };
  return ok(known);
}
