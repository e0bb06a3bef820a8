/** What each bench is given. */
import type { Load } from "./load.ts";
import type { RoundRules } from "./rounds.ts";

export interface Bench {
  readonly load: Load;
  readonly rules: RoundRules;
  /** True: only shows that everything runs. */
  readonly isSmoke: boolean;
  /** Says what is being done; full runs take long. */
  readonly say: (what: string) => void;
}
