/** The first thing a person sees: the hub's key and a name. The key stays in this tab. */
import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { NAME_CODE_POINTS } from "../../protocol/limits.ts";
import { hasForbiddenCharacter, isReserved } from "../../protocol/text.ts";
import { isSigningIn, rememberedName, signIn, signInProblem } from "../app.ts";
import { sentence } from "../format.ts";
import type { Problem } from "../hub.ts";
import { HUB_URL } from "../place.ts";
import { Mark } from "./icon.tsx";

export function SignIn(): JSX.Element {
  const key = useSignal("");
  const name = useSignal(rememberedName());
  const refused = useSignal<string | undefined>(undefined);
  const submit = (event: Event): void => {
    event.preventDefault();
    refused.value = nameProblem(name.value);
    if (refused.value === undefined) void signIn({ key: key.value.trim(), name: name.value.trim() });
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit} aria-busy={isSigningIn.value}>
        <Mark />
        <h1>Channel Hub</h1>
        <p class="lead">Watch your agents talk, and take part.</p>
        <Fields hubKey={key} name={name} />
        <Refusal text={refused.value} problem={signInProblem.value} />
        <button type="submit" class="primary" disabled={isSigningIn.value}>
          {isSigningIn.value ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}

function Fields({ hubKey: key, name }: { hubKey: Signal<string>; name: Signal<string> }): JSX.Element {
  return (
    <>
      <label>
        Hub
        <input name="hub" value={HUB_URL} readOnly tabIndex={-1} autocomplete="off" />
      </label>
      <div>
        <label>
          Hub key
          <input
            type="password"
            name="hub-key"
            required
            autoFocus
            autocomplete="current-password"
            aria-describedby="key-hint"
            value={key.value}
            onInput={(event) => (key.value = event.currentTarget.value)}
          />
        </label>
        <p class="hint" id="key-hint">
          The owner of the hub has it. It stays in this tab and is sent to this hub only.
        </p>
      </div>
      <label>
        Your name
        <input
          name="name"
          required
          maxLength={2 * NAME_CODE_POINTS}
          autocomplete="nickname"
          value={name.value}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </label>
    </>
  );
}

function Refusal({ text, problem }: { text: string | undefined; problem: Problem | undefined }): JSX.Element | null {
  const shown = text ?? (problem && reasonOf(problem));
  return shown === undefined ? null : (
    <p class="problem" role="alert">
      {sentence(shown)}
    </p>
  );
}

function reasonOf({ code, message, hint }: Problem): string {
  if (code === "unauthorized") return "This hub does not take that key";
  return hint === undefined ? message : `${message}; ${hint}`;
}

function nameProblem(name: string): string | undefined {
  const trimmed = name.trim();
  if (isReserved(trimmed)) return `"${trimmed}" is a name that nobody may have; choose another`;
  if (hasForbiddenCharacter(trimmed)) return "The name holds characters that nobody can see; type it again";
  if (Array.from(trimmed).length > NAME_CODE_POINTS) return `A name may have ${NAME_CODE_POINTS} characters`;
  return undefined;
}
