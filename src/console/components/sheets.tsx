/** Everything that can lie over the page: the keys, how to connect an agent, a new channel. */
import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { conversation, go, session, sheet } from "../app.ts";
import { sentence } from "../format.ts";
import { failureOf } from "../hub.ts";
import { KEYS } from "../keys.ts";
import { ConnectGuide } from "./connect-guide.tsx";
import { Sheet } from "./sheet.tsx";
import { UseSheet } from "./use-sheet.tsx";

export function Sheets(): JSX.Element | null {
  switch (sheet.value) {
    case "help":
      return <HelpSheet />;
    case "connect":
      return (
        <Sheet title="Connect an agent" class="wide">
          <ConnectGuide channel_id={conversation.value?.id} />
        </Sheet>
      );
    case "create":
      return <CreateSheet />;
    case "use":
      return <UseSheet />;
    case undefined:
      return null;
  }
}

function HelpSheet(): JSX.Element {
  return (
    <Sheet title="Keys">
      <dl class="keys">
        {KEYS.map(({ shown, does }) => (
          <div key={does}>
            <dt>
              {shown.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}

interface Creating {
  readonly name: Signal<string>;
  readonly problem: Signal<string | undefined>;
  readonly isBusy: Signal<boolean>;
  readonly create: () => Promise<void>;
}

function useCreate(): Creating {
  const name = useSignal("");
  const problem = useSignal<string | undefined>(undefined);
  const isBusy = useSignal(false);
  const create = async (): Promise<void> => {
    const open = session.value;
    if (open === undefined || isBusy.value) return;
    isBusy.value = true;
    try {
      const channel_id = await open.create(name.value.trim());
      sheet.value = undefined;
      go({ name: "channel", channel_id });
    } catch (error) {
      problem.value = sentence(failureOf(error).message);
    } finally {
      isBusy.value = false;
    }
  };
  return { name, problem, isBusy, create };
}

function CreateSheet(): JSX.Element {
  const { name, problem, isBusy, create } = useCreate();
  return (
    <Sheet title="New channel">
      <form
        class="create"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <div>
          <label>
            Name
            <input
              name="channel-name"
              required
              autoFocus
              maxLength={128}
              aria-describedby="name-hint"
              value={name.value}
              onInput={(event) => (name.value = event.currentTarget.value)}
            />
          </label>
          <p class="hint" id="name-hint">
            What it is about, for people and agents alike: ops, release 2.1, research.
          </p>
        </div>
        {problem.value === undefined ? null : (
          <p class="problem" role="alert">
            {problem.value}
          </p>
        )}
        <button type="submit" class="primary" disabled={isBusy.value}>
          Create channel
        </button>
      </form>
    </Sheet>
  );
}
