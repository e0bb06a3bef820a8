/** Reads of a settled channel, in their turn, by whoever may (`access.ts`). */
import { type Act, type ChannelState, refuseAct, type Viewer } from "../../channel/index.ts";
import { ok, type Result } from "../../protocol/index.ts";
import type { Bearers } from "./bearers.ts";
import type { Keeper } from "./keeper.ts";
import type { Sightings } from "./sightings.ts";
import type { Turns } from "./turns.ts";

/** The parts of a channel object that a look needs. */
export interface LookPorts {
  readonly bearers: Bearers;
  readonly keeper: Keeper;
  readonly sightings: Sightings;
  readonly turns: Turns;
}

type Look<T> = (state: ChannelState) => T;

/** A read of somebody who is proven counts as proof here (IDN1). */
export async function lookProven<T>(ports: LookPorts, viewer: Viewer, look: Look<T>): Promise<Result<T>> {
  const { bearers, keeper, sightings, turns } = ports;
  const opened = await bearers.admit(viewer);
  if (!opened.ok) return opened;
  const refused = viewer.verified ? await sightings.refuse(viewer, "look") : undefined;
  if (refused !== undefined) return { ok: false, refusal: refused };
  return await turns.inOrder(() => {
    if (viewer.verified) sightings.end(viewer.key);
    return lookAs(keeper, viewer, "look", look);
  });
}

/** A look that proves nothing, to do `act` or to see whether it may be done. */
export async function lookOn<T>(ports: LookPorts, viewer: Viewer, act: Act, look: Look<T>): Promise<Result<T>> {
  const { bearers, keeper, turns } = ports;
  const opened = await bearers.admit(viewer);
  return opened.ok ? await turns.inOrder(() => lookAs(keeper, viewer, act, look)) : opened;
}

function lookAs<T>(keeper: Keeper, viewer: Viewer, act: Act, look: Look<T>): Result<T> {
  const looked = keeper.read((state): Result<T> => {
    const why = refuseAct(state, viewer, act, Date.now());
    return why === undefined ? ok(look(state)) : { ok: false, refusal: why };
  });
  return looked.ok ? looked.value : looked;
}
