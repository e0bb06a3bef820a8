/** What is loaded, as a file with one message in JSON a line. */
import type { Message } from "../protocol/message.ts";
import { toJsonl } from "./view.ts";

/** Long enough for any browser to have taken the file. */
const KEPT_MS = 60_000;

export function exportJsonl(channel_id: string, messages: readonly Message[]): void {
  const url = URL.createObjectURL(new Blob([toJsonl(messages)], { type: "application/jsonl" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${channel_id}-${messages[0]?.seq ?? 0}-${messages.at(-1)?.seq ?? 0}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
