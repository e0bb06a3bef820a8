/** /api/pass: an admin makes, lists and revokes passes (ACC2, ACC3). */
import {
  isPassId,
  isWithin,
  type KeptPass,
  map,
  ok,
  PASS_BODY,
  type PassBody,
  PASSES_QUERY,
  refusal,
  type Refusal,
  refuse,
  type Result,
} from "../../../protocol/index.ts";
import { forgetAuthority } from "../admission/passes.ts";
import { callIndex, unclear } from "../calls/calls.ts";
import { noteAct } from "../calls/note-act.ts";
import { endPasses, refuseEnded } from "../calls/passes.ts";
import type { HubContext } from "../context.ts";
import { answering, withBody, withQuery } from "../handlers.ts";

// {"scope":"agent","channels":["ch-1"],"expires_in":86400,"note":"contractor"}
//   → {"ok":true,"text":"hubp_….…","pass":{"id":"p7_…","scope":"agent","channels":["ch-1"],…}}
export const makePassRoute: ReturnType<typeof answering> = withBody(PASS_BODY, async (c, body) => {
  const barred = (await refuseEnded(c)) ?? refuseWider(c, body);
  if (barred !== undefined) return { ok: false, refusal: barred };
  // Made again, it would be a second one that nobody holds.
  const unsure = unclear("list the passes, and revoke one that you did not get", false);
  const made = await callIndex(c.env, (index) => index.makePass(body, c.var.admission.key.kid), unsure);
  if (!made.ok) return made;
  forgetAuthority();
  await noteAct(c, "pass", { target: made.value.pass.id });
  return made;
});

// ?limit=100&cursor=0&channel_id=ch-1 → {"ok":true,"passes":[{"id":"p7_…",…}],"next_cursor":107}
export const passesRoute: ReturnType<typeof answering> = withQuery(PASSES_QUERY, async (c, query) => {
  const barred = await refuseEnded(c);
  if (barred !== undefined) return { ok: false, refusal: barred };
  const page = await callIndex(c.env, async (index) => ok(await index.passes(query)));
  return map(page, ({ passes, ...rest }) => ({ passes: passes.filter((pass) => isOfReach(c, pass)), ...rest }));
});

// → {"ok":true,"left":0}
export const revokePassRoute: ReturnType<typeof answering> = answering(async (c) => {
  const found = await passOf(c, c.req.param("id") ?? "");
  if (!found.ok) return found;
  return await revoked(c, found.value.id);
});

export const revokeAllRoute: ReturnType<typeof answering> = answering((c) => revoked(c, undefined));

async function revoked(c: HubContext, id: string | undefined): Promise<Result<object>> {
  const ended = await endPasses(c, id);
  if (ended.ok) await noteAct(c, "revoke", { target: id ?? "all" });
  return ended;
}

async function passOf(c: HubContext, id: string): Promise<Result<KeptPass>> {
  const barred = await refuseEnded(c);
  if (barred !== undefined) return { ok: false, refusal: barred };
  const unknown = refuse<KeptPass>("pass_not_found", "there is no pass of that id", {
    hint: "GET /api/pass lists them",
  });
  if (!isPassId(id)) return unknown;
  const pass = await callIndex(c.env, async (index) => ok(await index.pass(id)));
  if (!pass.ok) return pass;
  return pass.value === undefined || !isOfReach(c, pass.value) ? unknown : ok(pass.value);
}

/** A pass for some channels gives none for more, and none of a wider scope. */
function refuseWider(c: HubContext, { scope, channels }: PassBody): Refusal | undefined {
  if (!isWithin(scope, c.var.admission.scope)) return refusal("forbidden_scope", `yours has no scope ${scope} to give`);
  const within = c.var.admission.pass?.channels;
  if (within === undefined || channels?.every((id) => within.includes(id)) === true) return undefined;
  return refusal("forbidden_scope", `your pass is for ${within.join(", ")}, so name one of these in channels`);
}

function isOfReach(c: HubContext, { channels }: Pick<KeptPass, "channels">): boolean {
  const within = c.var.admission.pass?.channels;
  return within === undefined || channels?.every((id) => within.includes(id)) === true;
}
