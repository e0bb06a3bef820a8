/** A listen's turn in the channel object: what it says is done with, then what it is answered (LIS1, LIS3). */
import { type Caller, listen, type ListenQuery, type Pages, refuseCaller, settleListen } from "../../channel/index.ts";
import type { ListenAnswer, Result } from "../../protocol/index.ts";
import type { Bearers } from "./bearers.ts";
import type { Connections } from "./sockets/connections.ts";
import type { Keeper } from "./keeper.ts";
import type { ListenRequest } from "../between/requests.ts";
import { rateKey, type Rates } from "../between/rates.ts";
import type { Sightings } from "./sightings.ts";
import type { Turns } from "./turns.ts";

/** The parts of a channel object that a listen needs. */
export interface ListenPorts {
  readonly bearers: Bearers;
  readonly keeper: Keeper;
  readonly connections: Connections;
  readonly rates: Rates;
  readonly turns: Turns;
  readonly sightings: Sightings;
}

/** `answer` gets the query with the place where it starts; the answer moves nothing. */
export async function listenInTurn<T>(
  { bearers, keeper, connections, rates, turns, sightings }: ListenPorts,
  { caller, query }: ListenRequest,
  answer: (settled: ListenQuery) => Result<T>,
): Promise<Result<T>> {
  const opened = await bearers.admit(caller);
  if (!opened.ok) return opened;
  const now = Date.now();
  const limited = rates.take(rateKey(caller), now);
  const refused = limited ?? (caller.observes === true ? undefined : await sightings.refuse(caller, "look"));
  if (refused !== undefined) return { ok: false, refusal: refused };
  if (caller.observes !== true) heardOf({ keeper, connections }, caller, now);
  return await turns.inOrder(() => {
    const ended = bearers.refusePass(caller.kid);
    if (ended !== undefined) return { ok: false, refusal: ended };
    if (caller.verified) sightings.end(caller.key);
    const settled = keeper.commit(now, (state) => settleListen(state, caller, query, now));
    if (!settled.ok) return settled;
    return settled.value.ok ? answer(settled.value.value) : settled.value;
  });
}

/** Notes that a key was heard of; one whose claim is refused was not. */
export function heardOf(
  { keeper, connections }: Pick<ListenPorts, "keeper" | "connections">,
  caller: Caller,
  now: number,
): void {
  const why = keeper.read((state) => refuseCaller(state, { ...caller, nonce: undefined }, now));
  if (why.ok && why.value === undefined) connections.heard(caller.key, now);
}

/** Before a command its author is done with everything up to `seq`; in the command's own turn. */
export function readBefore(turns: Turns, caller: Caller, seq: number): void {
  turns.arrive({ caller: { ...caller, nonce: undefined }, command: { action: "read", seq }, named: {} });
}

export function lookAt(keeper: Keeper, query: ListenQuery, pages?: Pages): Result<ListenAnswer> {
  const looked = keeper.read((state) => listen(state, keeper.log, query, { now: Date.now(), pages }));
  return looked.ok ? looked.value : looked;
}
