/**
 * Who may act under a key in this channel (IDN1, IDN2, IDN5): a key that was once proven is never
 * taken plainly again, and a signed request or ticket counts once. Judged before membership.
 */
import { isReserved, refusal, type Refusal } from "../protocol/index.ts";
import { type Act, type Caller, mayModerate } from "./access.ts";
import { appendSystem } from "./append.ts";
import { NONCE_MS } from "./retention.ts";
import {
  type ChannelState,
  dropParticipant,
  type Entry,
  type Participant,
  putParticipant,
  type TakenNonce,
} from "./state.ts";

/** Nonces a participant may use up in that time: they live in its one row, rewritten with each. */
const NONCES_MAX = 256;

/** Leavers that a channel remembers: all of them are read at each wake. */
const LEAVERS_MAX = 1024;

/** Undefined: the caller may act under its key. */
export function refuseCaller(state: ChannelState, caller: Caller, now: number): Refusal | undefined {
  const known = state.participants.get(caller.key);
  if (known === undefined) return undefined;
  if (known.verified && !caller.verified) return mustProve();
  if (caller.nonce === undefined) return undefined;
  const taken = freshNonces(known, now);
  if (taken.some(({ nonce }) => nonce === caller.nonce)) return usedBefore();
  return taken.length < NONCES_MAX ? undefined : tooMany(taken, now);
}

/** What others see a key do although it is no participant. */
const MODERATING: ReadonlySet<string> = new Set<Act>(["kick", "pause", "resume", "guard_reset"]);

/**
 * Whether the index must hear of the key first (IDN5): of a proof that is news here, and of a claim
 * to a key that this channel does not know. All else is answered by the key's row, at no cost.
 */
export function isFirstSight(state: ChannelState, caller: Caller, act: Act): boolean {
  // The hub's owner, who has no agent key.
  if (isReserved(caller.key)) return false;
  const known = state.participants.get(caller.key);
  if (known !== undefined) return caller.verified && !known.verified;
  return act === "join" || (MODERATING.has(act) && mayModerate(state, caller));
}

/** A proven moderator that is no participant gets a row all the same: its proof and its nonce must be remembered. */
export function rememberModerator(state: ChannelState, caller: Caller, now: number): void {
  const { key, name = key, verified } = caller;
  if (!verified || state.participants.has(key)) return;
  putParticipant(state, { key, name, member: false, verified, read_seq: 0, joined_seq: 0, seen_at: now });
  noteCaller(state, caller, now);
}

/**
 * Ends a membership that was only claimed, because its key was proven elsewhere or by looking on:
 * nobody can tell who made it. The key stays known as proven; the claimed name does not stay.
 */
export function endClaim(state: ChannelState, key: string, now: number): Entry | undefined {
  const known = state.participants.get(key);
  if (known === undefined || known.verified) return undefined;
  const { name, members } = { name: known.name, members: state.members };
  putParticipant(state, { ...known, name: key, member: false, verified: true, seen_at: now });
  if (!known.member) return undefined;
  return appendSystem(state, `${name} left the channel`, { kind: "leave", key, name }, { now, members });
}

/** Notes in the caller's row, if it has one, that its key is proven and its nonce used. */
export function noteCaller(state: ChannelState, caller: Caller, now: number): void {
  const known = state.participants.get(caller.key);
  if (known === undefined) return;
  const isNews = caller.verified && !known.verified;
  if (!isNews && caller.nonce === undefined) return;
  const verified = known.verified || caller.verified;
  // Who proves a key that was only claimed is not bound to the name of whoever claimed it.
  const name = isNews ? (caller.name ?? caller.key) : known.name;
  if (caller.nonce === undefined) return putParticipant(state, { ...known, name, verified });
  const nonces = [...freshNonces(known, now), { nonce: caller.nonce, at: now }];
  putParticipant(state, { ...known, name, verified, nonces });
}

/** Whether something of a participant that leaves must be remembered. */
function mustRemember(participant: Participant, now: number): boolean {
  return participant.verified || (participant.kicked_until ?? 0) > now || freshNonces(participant, now).length > 0;
}

/** Takes away rows of those who left that are kept for nothing any more. */
export function forgetLeavers(state: ChannelState, now: number): void {
  for (const participant of [...state.participants.values()]) {
    if (!participant.member && !mustRemember(participant, now)) dropParticipant(state, participant.key);
  }
  const left = state.participants.size - state.members.size;
  if (left > LEAVERS_MAX) forgetOldest(state, left - LEAVERS_MAX, now);
}

/** Of more leavers than may be remembered, those that left first. Never a kick that still counts. */
function forgetOldest(state: ChannelState, count: number, now: number): void {
  const free = [...state.participants.values()].filter(
    ({ member, kicked_until = 0 }) => !member && kicked_until <= now,
  );
  const oldest = free.toSorted((a, b) => a.seen_at - b.seen_at).slice(0, count);
  for (const { key } of oldest) dropParticipant(state, key);
}

function freshNonces({ nonces = [] }: Participant, now: number): readonly TakenNonce[] {
  return nonces.filter(({ at }) => now - at <= NONCE_MS);
}

export function mustProve(): Refusal {
  return refusal(
    "identity_mismatch",
    "key was proven on this hub, so it must be proven by whoever uses it; sign, or use another key",
  );
}

function usedBefore(): Refusal {
  return refusal(
    "replay",
    "this signed request or ticket was used before; sign again with a new nonce, or ask for a new ticket",
  );
}

function tooMany([oldest]: readonly TakenNonce[], now: number): Refusal {
  const retry_after_ms = Math.max(1, (oldest?.at ?? now) + NONCE_MS + 1 - now);
  const text = `a key may make ${NONCES_MAX} signed joins, leaves and reads in ${NONCE_MS / 1000} s; do them on a socket`;
  return refusal("rate_limited", text, { retry_after_ms });
}
