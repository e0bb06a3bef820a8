/** What a channel asks of the index, over the binding. A stub that threw is poisoned, so each call makes its own. */
import type { Result } from "../../protocol/index.ts";
import { type Env, INDEX_NAME } from "../between/env.ts";
import type { IndexCalls, Sight } from "../between/index-calls.ts";
import type { Registration } from "../between/registration.ts";
import type { Report } from "../between/usage.ts";

export interface Registry {
  readonly number: number;
  readonly record: () => Promise<Result<Registration>>;
  /** True: the index has the new epoch. */
  readonly renew: (from: string, to: string) => Promise<boolean>;
  /** The channel is about to change what `list` shows of it (IDX3). */
  readonly dirty: (change: number, used: Report) => Promise<void>;
  /** A key is met for the first time, or its proof; refused where it may not be claimed (IDN5). */
  readonly tell: (sight: Sight) => Promise<Result<true>>;
  /** A pass is met for the first time; refused where it ended (ACC3). */
  readonly place: (id: string) => Promise<Result<true>>;
  /** Nobody claims the key here any more. */
  readonly forget: (key: string) => Promise<void>;
}

/** Of the channel `ch-N` with this id. */
export function registryOf(env: Env, id: string): Registry {
  const number = Number(id.slice("ch-".length));
  const index = (): DurableObjectStub<IndexCalls> => env.HUB_INDEX.getByName(INDEX_NAME);
  return {
    number,
    record: () => index().record(number),
    renew: (from, to) => index().renew(number, from, to),
    dirty: (change, used) => index().dirty(number, change, used),
    tell: (sight) => index().sight(number, sight),
    place: (pass) => index().placePass(number, pass),
    forget: (key) => index().unclaim(number, key),
  };
}
