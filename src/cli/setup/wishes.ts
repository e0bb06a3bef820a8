/** What whoever runs `setup` wants. */
import type { Host, Place } from "../hosts/host.ts";

export interface Wishes {
  readonly place: Place;
  readonly hosts: readonly Host[];
  readonly isAsking: boolean;
  readonly isDry: boolean;
  /** By id or name. */
  readonly channel: string | undefined;
  readonly name: string | undefined;
}
