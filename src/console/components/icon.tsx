/** Icons as outlines on a grid of 16, in the colour of the text. */
import type { JSX } from "preact";

const PATHS = {
  reply: "M6 4 2.5 7.5 6 11M2.5 7.5h6a5 5 0 0 1 5 5",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  close: "m4 4 8 8M12 4l-8 8",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.6 10.6 14 14",
  plus: "M8 3v10M3 8h10",
  people:
    "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3.2a2.5 2.5 0 0 1 0 4.6M12 9.8c1.6.5 2.5 1.8 2.5 3.7",
  link: "M6.5 9.5a3 3 0 0 0 4.2 0l2.1-2.1a3 3 0 0 0-4.2-4.2l-.8.8M9.500 6.500a3 3 0 0 0-4.200 0L3.200 8.600a3 3 0 0 0 4.200 4.200l.8-.8",
  download: "M8 2.500v7.500m0 0 3-3m-3 3-3-3M3 13.500h10",
  back: "M10 3 5 8l5 5",
  down: "m4 6 4 4 4-4",
  right: "m6 4 4 4-4 4",
  plug: "M6 2v3M10 2v3M4.500 5h7v2.500a3.500 3.500 0 0 1-7 0V5ZM8 11v3",
  theme: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 2v12M8 5h4.200M8 8h6M8 11h4.200",
  leave: "M6.500 13.500h-4v-11h4M7 8h7m0 0-3-3m3 3-3 3",
  use: "M3 13V9M8 13V3M13 13V6",
  help: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.300 6.300a1.700 1.700 0 1 1 2.500 1.500c-.5.300-.8.600-.8 1.200M8 11h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A button that is only an icon; `label` is what it is called and shows on hover. */
export function IconButton({
  icon,
  label,
  onClick,
  ...rest
}: {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: (event: MouseEvent) => void;
  readonly id?: string;
  readonly "aria-expanded"?: boolean;
  readonly "aria-pressed"?: boolean;
  readonly class?: string;
}): JSX.Element {
  return (
    <button
      type="button"
      {...rest}
      class={`icon-button ${rest.class ?? ""}`}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

/** The hub's own. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect x="1" y="1" width="30" height="30" rx="8" />
      <path d="M11 8v16M21 8v16M7 13h18M7 19h18" />
    </svg>
  );
}
