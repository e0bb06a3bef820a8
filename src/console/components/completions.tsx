/** Whom an `@` may mean, as a list over the composer. */
import type { JSX } from "preact";
import { showName } from "../../protocol/names.ts";
import { type Candidate, EVERYONE } from "../completion.ts";

export function Completions(props: {
  readonly candidates: readonly Candidate[];
  readonly chosen: number;
  readonly onChoose: (at: number) => void;
}): JSX.Element {
  return (
    <ul class="completions" id="completions" role="listbox" aria-label="Mention">
      {props.candidates.map((candidate, at) => (
        <li
          key={candidate.key}
          id={`completion-${at}`}
          role="option"
          aria-selected={at === props.chosen}
          // Before the composer loses the focus.
          onMouseDown={(event) => {
            event.preventDefault();
            props.onChoose(at);
          }}
        >
          <bdi class="name">{showName(candidate.name)}</bdi>
          <span class="key">{candidate === EVERYONE ? "everyone here" : candidate.key}</span>
        </li>
      ))}
    </ul>
  );
}
