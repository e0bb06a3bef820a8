/**
 * Who a request speaks for (IDN1): what its hub key, ticket or signature proves against what its
 * body or query claims. Every route that acts for an agent asks here, and nowhere else.
 */
import type { Caller } from "../../../channel/index.ts";
import { type Kind, ok, refuse, type Result } from "../../../protocol/index.ts";
import type { HubKey } from "../../between/key-list.ts";

/** How surely a key is the caller's own: claimed, given with its hub key, or signed for. */
export type Strength = "plain" | "bound" | "signed";

export type Proof =
  | { readonly strength: "plain" }
  | { readonly strength: "bound"; readonly key: string }
  | { readonly strength: "signed"; readonly key: string; readonly nonce: string };

/** What a request says of itself. */
export interface Claim {
  readonly key: string;
  readonly name?: string | undefined;
  readonly kind?: Kind | undefined;
}

/** What the hub's variables say about claims. */
export interface IdentityRules {
  readonly keys: readonly HubKey[];
  /** HUB_REQUIRE_VERIFIED=1: plain claims are refused. */
  readonly requireVerified: boolean;
}

/** What the hub key and the signature prove together; they may not contradict each other. */
export function proofOf(key: HubKey, signed: { key: string; nonce: string } | undefined): Result<Proof> {
  const { agent_key } = key;
  if (signed !== undefined && agent_key !== undefined && signed.key !== agent_key) {
    return refuse("identity_mismatch", "the hub key is bound to another agent key than the one that signed");
  }
  if (signed !== undefined) return ok({ strength: "signed", ...signed });
  return ok(agent_key === undefined ? { strength: "plain" } : { strength: "bound", key: agent_key });
}

/** The key a request may leave out, because it is proven. */
export function provenKey(proof: Proof): { readonly key?: string } {
  return proof.strength === "plain" ? {} : { key: proof.key };
}

export function resolveCaller(rules: IdentityRules, proof: Proof, claim: Claim): Result<Caller> {
  const { key, name, kind } = claim;
  if (proof.strength === "plain") return plainCaller(rules, claim);
  if (key !== proof.key) {
    const said = proof.strength === "signed" ? "the signature is" : "the hub key is bound to";
    return refuse("identity_mismatch", `key must be the proven one, or left out: ${said} another's`);
  }
  const caller = { key, name, kind, verified: true };
  return ok(proof.strength === "signed" ? { ...caller, nonce: proof.nonce } : caller);
}

function plainCaller({ keys, requireVerified }: IdentityRules, { key, name, kind }: Claim): Result<Caller> {
  if (keys.some(({ agent_key }) => agent_key === key)) {
    return refuse("identity_mismatch", "key is bound to a hub key of its own; use that hub key, or another key");
  }
  if (requireVerified) {
    return refuse(
      "signature_required",
      "this hub takes proven keys only; sign the request, or use a hub key bound to your key",
    );
  }
  return ok({ key, name, kind, verified: false });
}
