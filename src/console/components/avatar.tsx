/** A face of letters: square for agents and services, round for people; the dot says connected. */
import type { JSX } from "preact";
import type { Kind } from "../../protocol/message.ts";
import { hueOf, initialsOf } from "../format.ts";

export function Avatar({
  id,
  name,
  kind,
  connected,
}: {
  readonly id: string;
  readonly name: string;
  readonly kind: Kind | undefined;
  readonly connected?: boolean;
}): JSX.Element {
  const shape = kind === "human" ? "round" : "square";
  return (
    <span class={`avatar ${shape} hue-${hueOf(id)}`} aria-hidden="true">
      {initialsOf(name)}
      {connected === undefined ? null : <i class={connected ? "dot on" : "dot"} />}
    </span>
  );
}

/** What somebody says it is, where that is declared. */
export function KindBadge({ kind }: { readonly kind: Kind | undefined }): JSX.Element | null {
  return kind === undefined ? null : <span class={`badge kind-${kind}`}>{kind}</span>;
}

export function VerifiedBadge(): JSX.Element {
  const title = "Verified: the sender proved that this key is its own";
  return (
    <span class="verified" title={title} role="img" aria-label="verified">
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M8 1.500 13 3.500V8c0 3-2.200 5.300-5 6.500C5.200 13.300 3 11 3 8V3.500L8 1.500ZM5.500 8l1.800 1.800L10.700 6.300" />
      </svg>
    </span>
  );
}
