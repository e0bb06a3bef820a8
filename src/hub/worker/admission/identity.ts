/**
 * Middleware after admission: what the request proves about its caller. Reads the body of signed
 * requests, whose digest is covered; handlers read it again from the same buffer.
 */
import type { Caller, Viewer } from "../../../channel/index.ts";
import { map, ok, refuse, type Result, isWithin } from "../../../protocol/index.ts";
import { outerUrl } from "./address.ts";
import type { Admission } from "./admission.ts";
import { type Claim, type Proof, proofOf, provenKey, resolveCaller } from "./caller.ts";
import type { HubContext } from "../context.ts";
import type { HubKey } from "../../between/key-list.ts";
import { OWNER_KID } from "../../between/keys.ts";
import { isSigned, type Proven, verifyRequest } from "./proof.ts";
import type { Grant } from "./ticket.ts";

/** Key of the hub's owner where a body names none. */
export const ADMIN = "admin";

export async function proofFor(c: HubContext, { key, ticket }: Admission): Promise<Result<Proof>> {
  const signed = await signerOf(c);
  if (!signed.ok) return signed;
  if (ticket?.grant.use === "connect") return proofOfTicket(key.agent_key, ticket.grant);
  return proofOf(key, signed.value);
}

async function signerOf(c: HubContext): Promise<Result<Proven | undefined>> {
  if (!isSigned(c.req.raw.headers)) return ok(undefined);
  const body = new Uint8Array(await c.req.arrayBuffer());
  const { method, url, headers } = c.req.raw;
  return await verifyRequest({ method, url: outerUrl(url, c.env.HUB_URL ?? ""), headers }, body, Date.now());
}

/** The strength in which the ticket was asked for, if it still stands. */
function proofOfTicket(agent_key: string | undefined, grant: Extract<Grant, { use: "connect" }>): Result<Proof> {
  const { key, strength, nonce } = grant;
  if (strength === "signed") return ok({ strength, key, nonce });
  if (strength === "plain" && agent_key === undefined) return ok({ strength });
  if (strength === "bound" && agent_key === key) return ok({ strength, key });
  return refuse("unauthorized", "the hub key that asked for this ticket is bound otherwise now; ask for a new one");
}

/** Who this request speaks for, where it says `claim`. */
export function callerFor(c: HubContext, claim: Claim): Result<Caller> {
  const { admission } = c.var;
  const admin = isWithin("admin", admission.scope);
  // The hub's owner, who acts under no agent's key: nobody can have this one (IDN4).
  if (admin && claim.key === ADMIN) {
    return ok({ ...rightsOf(admission), key: ADMIN, name: adminName(admission.key), verified: false });
  }
  const caller = resolve(c, claim);
  if (caller.ok) c.set("agent", caller.value.key);
  return caller;
}

function resolve(c: HubContext, claim: Claim): Result<Caller> {
  const { admission, proof } = c.var;
  const { pass } = admission;
  const rules = { keys: admission.keys, requireVerified: c.env.HUB_REQUIRE_VERIFIED === "1" };
  if (pass?.kind !== undefined && claim.kind !== undefined && claim.kind !== pass.kind) {
    return refuse("identity_mismatch", `kind must be ${pass.kind}, which your pass says, or left out`);
  }
  const introduced = { ...claim, name: claim.name ?? pass?.name, kind: claim.kind ?? pass?.kind };
  return map(resolveCaller(rules, proof, introduced), (caller) => ({ ...caller, ...rightsOf(admission) }));
}

/** Two admins are told apart by the names of their hub keys. */
function adminName({ kid }: HubKey): string {
  return kid === OWNER_KID ? "Admin" : `Admin ${kid}`;
}

/** Who reads where a request names nobody: whom it proves, which counts in the channel it reads (IDN1), or one who looks on. */
export function viewerOf(c: HubContext): Viewer {
  const { key } = provenKey(c.var.proof);
  return key === undefined ? observerOf(c.var.admission) : { ...rightsOf(c.var.admission), key, verified: true };
}

/** Who reads under a key that the request may only claim. */
export function viewerAs(c: HubContext, key: string): Viewer {
  return { ...rightsOf(c.var.admission), key, verified: provenKey(c.var.proof).key === key };
}

/** One who only looks on, whatever it says of itself: no agent can have its key, which starts with `~`. */
export function observerOf(admission: Admission): Viewer {
  return { ...rightsOf(admission), key: `~${admission.key.kid}`, verified: false, observes: true };
}

/** What a hub key or pass gives whoever it admits. */
function rightsOf({ key, scope, pass }: Admission): Pick<Viewer, "kid" | "admin" | "within" | "until"> {
  return {
    ...{ kid: key.kid, admin: isWithin("admin", scope) },
    ...(pass?.channels !== undefined && { within: pass.channels }),
    ...(pass?.exp !== undefined && { until: pass.exp * 1000 }),
  };
}
