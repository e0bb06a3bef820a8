/** What the page uses of the client library, and how it reads what was thrown. */
import {
  type ChannelClient,
  type ChannelDetails,
  HubClient,
  HubError,
  isTemporary,
  type StateChange,
} from "../client/index.ts";
export { type ChannelClient, type ChannelDetails, HubClient, HubError, type StateChange };

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Whether asking again may help: only a refusal of the hub itself is final. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof HubError) || isTemporary(error);
}

export function failureOf(error: unknown): Problem {
  if (error instanceof HubError) return error;
  return { code: "network", message: error instanceof Error ? error.message : String(error) };
}
