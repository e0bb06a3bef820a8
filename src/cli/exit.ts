/** How the command ends: exit codes as scripts may rely on them, and the errors that carry one. */
import { type Failure, HubError } from "../client/index.ts";
import { ERRORS, type ErrorCode } from "../protocol/index.ts";
import { whyUnreachable } from "./unreachable.ts";

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  auth: 3,
  not_found: 4,
  network: 5,
  busy: 6,
  timed_out: 124,
  interrupted: 130,
} as const;

export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** For `--help`. */
export const EXIT_HELP = `Exit codes:
  0 ok, 1 failed, 2 usage, 3 not admitted (hub key, scope, identity, not joined), 4 not found,
  5 the hub cannot be reached, 6 another wait waits already, 124 timed out, 130 interrupted (Ctrl-C)`;

/** What a failure without a code of the hub's or the client's is called, for programs. */
const CODES: Readonly<Record<Exit, string>> = {
  [EXIT.ok]: "ok",
  [EXIT.failed]: "failed",
  [EXIT.usage]: "usage",
  [EXIT.auth]: "not_admitted",
  [EXIT.not_found]: "not_found",
  [EXIT.network]: "network",
  [EXIT.busy]: "busy",
  [EXIT.timed_out]: "timed_out",
  [EXIT.interrupted]: "interrupted",
};

/** An end with a reason for the person, and what to do next. */
export class Failed extends Error {
  readonly exit: Exit;
  readonly hint: string | undefined;
  readonly code: string;

  constructor(exit: Exit, message: string, hint?: string, code: string = CODES[exit]) {
    super(message);
    this.exit = exit;
    this.hint = hint;
    this.code = code;
  }
}

/** Refusals with a status of admission that are about a channel, not about who asks. */
const OF_THE_CHANNEL: ReadonlySet<string> = new Set(["paused", "channel_full"]);
/** A hub that lacks the route was asked at a wrong address, or is an older one: of the channel it says nothing. */
const UNREACHABLE: ReadonlySet<string> = new Set(["network", "bad_answer", "upgrade_failed", "not_found"]);

export function exitOf({ code }: Pick<Failure, "code">): Exit {
  if (UNREACHABLE.has(code)) return EXIT.network;
  if (!Object.hasOwn(ERRORS, code) || OF_THE_CHANNEL.has(code)) return EXIT.failed;
  const { status } = ERRORS[code as ErrorCode];
  if (status === 401 || status === 403) return EXIT.auth;
  if (status === 404 || status === 410) return EXIT.not_found;
  return status === 400 || status === 413 ? EXIT.usage : EXIT.failed;
}

/** What helps a person at a shell, where the hub's own hint speaks of HTTP. */
const HINTS: Readonly<Record<string, string>> = {
  unauthorized: "set CHANNEL_HUB_KEY, or --key, to the hub key",
  network: "is the hub running? set CHANNEL_HUB_URL, or --url, to its address",
  channel_not_found: "this shows the channels: {channel-hub} list",
  pass_not_found: "this shows the passes: {channel-hub} pass list",
  signature_required: "make an identity that can be proven: {channel-hub} key agent",
};

/** Any error as the end it means. */
export function failedFrom(error: unknown): Failed {
  if (error instanceof Failed) return error;
  if (error instanceof HubError) return failedOf(error);
  const says = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Failed(EXIT.failed, `unexpected: ${says}`, undefined, "internal");
}

function failedOf(error: HubError): Failed {
  const { code, message, hub, reason } = error;
  const hint = OWN_HINTS[code]?.(message) ?? HINTS[code] ?? error.hint;
  const why = hub === undefined || reason === undefined ? undefined : whyUnreachable(hub, reason);
  if (why === undefined) return new Failed(exitOf(error), message, hint, code);
  return new Failed(exitOf(error), `no connection to the hub: ${why.says}`, why.hint ?? hint, code);
}

/** Hints that what was said decides. */
const OWN_HINTS: Readonly<Record<string, (message: string) => string>> = {
  // "Not a participant in channel ch-1": the words are the protocol's.
  not_participant: (message) => `join first: {channel-hub} join ${/\bch-\d+$/.exec(message)?.[0] ?? "CHANNEL"}`,
  // What servers answer to plain HTTP where they speak TLS.
  bad_answer: (message) =>
    /HTTPS (port|server)/i.test(message)
      ? "that server speaks TLS: its address begins with https://"
      : "set CHANNEL_HUB_URL, or --url, to a hub's address; a proxy or a login page may answer in its place",
};
