/** How the connection stands, when it does not: what happened, when it is tried again, what to do. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { go, session } from "../app.ts";
import { sentence } from "../format.ts";
import type { Conversation } from "../conversation.ts";
import type { StateChange } from "../hub.ts";

/** A first connect is not worth a word unless it takes this many milliseconds. */
const PATIENCE_MS = 1500;

/** What a final end means to a person. */
const ENDED: Readonly<Record<string, string>> = {
  forbidden: "You were removed from this channel.",
  channel_deleted: "This channel was deleted.",
  channel_not_found: "There is no such channel.",
  key_revoked: "The hub key no longer admits you.",
  pass_expired: "The time of your pass is over.",
  replaced: "A newer window took the place of this one.",
};

export function LinkBanner({ conversation }: { readonly conversation: Conversation }): JSX.Element | null {
  const link = conversation.link.value;
  if (link.state === "connected") return null;
  if (link.state === "closed") return <EndBanner link={link} />;
  if (link.attempt === 0 && link.state === "connecting") return <Connecting key={conversation.id} />;
  return <RetryBanner link={link} onRetry={() => conversation.retryNow()} />;
}

function Connecting(): JSX.Element | null {
  const isSlow = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (isSlow.value = true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isSlow.value ? (
    <p class="banner" role="status">
      Connecting…
    </p>
  ) : null;
}

function RetryBanner({ link, onRetry }: { link: StateChange; onRetry: () => void }): JSX.Element {
  const seconds = useCountdown(link.retry_at);
  return (
    <div class="banner warn" role="status">
      <span>
        {navigator.onLine ? "The connection was lost." : "This machine is offline."}{" "}
        <span class="countdown" aria-hidden="true">
          {link.state === "connecting" || seconds <= 0 ? "Connecting again…" : `Trying again in ${seconds} s.`}
        </span>{" "}
        What you send now goes out when it is back.
      </span>
      <button type="button" class="link-button" onClick={onRetry}>
        Try now
      </button>
    </div>
  );
}

function EndBanner({ link }: { link: StateChange }): JSX.Element {
  return (
    <div class="banner end" role="alert">
      <span>{ENDED[link.code] ?? sentence(link.reason)}</span>
      <button type="button" class="link-button" onClick={() => go({ name: "home" })}>
        {session.value === undefined ? "Sign in" : "All channels"}
      </button>
    </div>
  );
}

/** Whole seconds until an instant. */
function useCountdown(until: number | undefined): number {
  const at = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (at.value = Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return until === undefined ? 0 : Math.ceil((until - at.value) / 1000);
}
