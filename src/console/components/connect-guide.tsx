/** The exact lines that connect an agent to this hub, and to this channel where there is one. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { copy } from "../app.ts";
import { HUB_URL } from "../place.ts";
import { promptFor, snippetsFor } from "../snippets.ts";

/** Of this visit, so that lines copied twice are the same agent. */
const MARK = Array.from(crypto.getRandomValues(new Uint8Array(2)), (byte) => byte.toString(16).padStart(2, "0")).join(
  "",
);

export function ConnectGuide({ channel_id }: { readonly channel_id: string | undefined }): JSX.Element {
  const chosen = useSignal("setup");
  const snippets = snippetsFor({ url: HUB_URL, channel_id, mark: MARK });
  const snippet = snippets.find(({ id }) => id === chosen.value) ?? snippets[0];
  return (
    <section class="guide" aria-label="Connect an agent">
      <Tabs ids={snippets} chosen={chosen.value} onChoose={(id) => (chosen.value = id)} />
      <div class="guide-panel" role="tabpanel" id="guide-panel" aria-labelledby={`tab-${chosen.value}`}>
        <Lines title={snippet?.where ?? ""} lines={snippet?.lines ?? ""} />
        {snippet?.isAgent === true ? <Lines title="Then tell it" lines={promptFor(channel_id)} /> : null}
        <p class="guide-key">
          Your hub key is not in these lines. They take it from the environment: <code>export CHANNEL_HUB_KEY=…</code>
        </p>
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

function Lines({ title, lines }: { title: string; lines: string }): JSX.Element {
  return (
    <>
      <p class="guide-where">{title}</p>
      <div class="code">
        <pre tabIndex={0}>{lines}</pre>
        <button type="button" class="copy-code" onClick={() => void copy(lines, "Lines")}>
          Copy
        </button>
      </div>
    </>
  );
}
