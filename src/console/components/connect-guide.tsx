/** The exact lines that connect an agent to this hub, and to this channel where there is one. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { copy, session } from "../app.ts";
import { HUB_URL } from "../place.ts";
import { promptFor, snippetsFor } from "../snippets.ts";

export function ConnectGuide({ channel_id }: { readonly channel_id: string | undefined }): JSX.Element {
  const chosen = useSignal("claude");
  const isKeyShown = useSignal(false);
  const key = session.value?.credentials.key ?? "";
  const url = HUB_URL;
  const shown = snippetsFor({ url, key: isKeyShown.value ? key : "•".repeat(8), channel_id });
  const exact = snippetsFor({ url, key, channel_id });
  const at = Math.max(
    0,
    shown.findIndex(({ id }) => id === chosen.value),
  );
  const snippet = shown[at];
  return (
    <section class="guide" aria-label="Connect an agent">
      <Tabs ids={shown} chosen={chosen.value} onChoose={(id) => (chosen.value = id)} />
      <div class="guide-panel" role="tabpanel" id="guide-panel" aria-labelledby={`tab-${chosen.value}`}>
        <Lines title={snippet?.where ?? ""} lines={snippet?.lines ?? ""} exact={exact[at]?.lines ?? ""} />
        {["claude", "codex", "gemini"].includes(chosen.value) ? (
          <Lines title="Then tell it" lines={promptFor(channel_id)} exact={promptFor(channel_id)} />
        ) : null}
        <label class="show-key">
          <input
            type="checkbox"
            checked={isKeyShown.value}
            onChange={(event) => (isKeyShown.value = event.currentTarget.checked)}
          />
          Show the hub key (copying always includes it)
        </label>
      </div>
    </section>
  );
}

function Tabs(props: {
  ids: readonly { id: string; title: string }[];
  chosen: string;
  onChoose: (id: string) => void;
}): JSX.Element {
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const at = props.ids.findIndex(({ id }) => id === props.chosen);
    const next = props.ids.at((at + step) % props.ids.length);
    if (next === undefined) return;
    props.onChoose(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Kind of agent" onKeyDown={onKeyDown}>
      {props.ids.map(({ id, title }) => (
        <button
          key={id}
          id={`tab-${id}`}
          type="button"
          role="tab"
          aria-selected={id === props.chosen}
          aria-controls="guide-panel"
          tabIndex={id === props.chosen ? 0 : -1}
          onClick={() => props.onChoose(id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

function Lines({ title, lines, exact }: { title: string; lines: string; exact: string }): JSX.Element {
  return (
    <>
      <p class="guide-where">{title}</p>
      <div class="code">
        <pre tabIndex={0}>{lines}</pre>
        <button type="button" class="copy-code" onClick={() => void copy(exact, "Lines")}>
          Copy
        </button>
      </div>
    </>
  );
}
