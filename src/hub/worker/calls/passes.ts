/** What the Worker asks of the index about passes, where no channel does (ACC3). */
import { refuseConfined } from "../../../channel/index.ts";
import { map, ok, type Refusal, type Result } from "../../../protocol/index.ts";
import { observerOf } from "../admission/identity.ts";
import { passSigner } from "../admission/passes.ts";
import type { HubContext } from "../context.ts";
import type { HubKey } from "../../between/key-list.ts";
import type { Revoking } from "../../between/index-calls.ts";
import { callIndex, unclear } from "./calls.ts";

/** Calls to the index within one request, each of which tells 40 channels: the free plan allows 50. */
const ROUNDS = 45;
/** Of them, those in which some channel did not answer. */
const FAILURES = 3;

/** Why who comes by a pass may do nothing that concerns the whole hub. */
export async function refuseHubWide(c: HubContext): Promise<Refusal | undefined> {
  return refuseConfined(observerOf(c.var.admission)) ?? (await refuseEnded(c));
}

/** Why the pass of a request counts no more. */
export async function refuseEnded(c: HubContext): Promise<Refusal | undefined> {
  const { pass } = c.var.admission;
  if (pass === undefined) return undefined;
  const stands = await callIndex(c.env, (index) => index.passStands(pass.id));
  return stands.ok ? undefined : stands.refusal;
}

/** Who comes by a pass gets a ticket that says so, and that ends with it. */
export async function ticketSigner(c: HubContext): Promise<Result<HubKey>> {
  const { pass, key } = c.var.admission;
  if (pass === undefined) return ok(key);
  const ended = await refuseEnded(c);
  if (ended !== undefined) return { ok: false, refusal: ended };
  const signer = await passSigner(c.env, Date.now());
  return map(signer, ([own = key]) => own);
}

/**
 * Ends a pass, or all, and answers when the channels that let it in know. `left`: those that do not
 * yet, because they are very many or do not answer; the index goes on by itself.
 */
export async function endPasses(c: HubContext, id: string | undefined): Promise<Result<Pick<Revoking, "left">>> {
  const sure = unclear("repeat it", true);
  let told = await callIndex(c.env, async (index) => ok(await index.endPasses(id)), sure);
  let failures = 0;
  for (let round = 1; round < ROUNDS && told.ok && told.value.left > 0; round++) {
    if (told.value.failed > 0 && ++failures === FAILURES) break;
    told = await callIndex(c.env, async (index) => ok(await index.tellPasses()), sure);
  }
  return told.ok ? ok({ left: told.value.left }) : told;
}
