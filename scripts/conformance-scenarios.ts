/**
 * The official conformance suite's server scenarios, each with what it means to a hub that has one
 * tool and nothing else. `npm run test:conformance` reads this, and fails when the suite has a
 * scenario that stands in neither list.
 */

export type Revision = "2025-06-18" | "2025-11-25" | "2026-07-28";

export interface Scenario {
  readonly name: string;
  readonly revisions: readonly Revision[];
  /** The tool of known behaviour it calls; without one, it runs against the hub's own endpoint. */
  readonly tool?: string;
  /** Checks within it that cannot apply, and why. All others must pass. */
  readonly except?: Readonly<Record<string, string>>;
}

const BEFORE: readonly Revision[] = ["2025-06-18", "2025-11-25"];
const NOW: readonly Revision[] = ["2026-07-28"];
const ALL: readonly Revision[] = [...BEFORE, ...NOW];

const NO_PROMPTS = "there are no prompts";
const NO_RESOURCES = "there are no resources";
const NO_CAPABILITY = "the tool asks nothing of the client, so no client capability can be missing";
const NO_LISTS = "the list of tools never changes while the hub runs, so there is nothing to subscribe to";

export const SCENARIOS: readonly Scenario[] = [
  { name: "server-initialize", revisions: BEFORE },
  { name: "ping", revisions: BEFORE },
  { name: "tools-list", revisions: ALL },
  { name: "tools-call-simple-text", revisions: ALL, tool: "test_simple_text" },
  { name: "tools-call-error", revisions: ALL, tool: "test_error_handling" },
  { name: "tools-call-with-progress", revisions: ALL, tool: "test_tool_with_progress" },
  { name: "json-schema-2020-12", revisions: ["2025-11-25", "2026-07-28"], tool: "json_schema_2020_12_tool" },
  { name: "dns-rebinding-protection", revisions: ["2025-11-25", "2026-07-28"] },
  // Before 2026-07-28 it opens its streams in a session, and no session is ever made.
  { name: "server-sse-multiple-streams", revisions: NOW },
  { name: "http-header-validation", revisions: NOW },
  {
    name: "caching",
    revisions: NOW,
    except: {
      "sep-2549-prompts-list-caching-hints": NO_PROMPTS,
      "sep-2549-resources-list-caching-hints": NO_RESOURCES,
      "sep-2549-resources-templates-list-caching-hints": NO_RESOURCES,
      "sep-2549-resources-read-caching-hints": NO_RESOURCES,
    },
  },
  {
    name: "server-stateless",
    revisions: NOW,
    except: {
      "sep-2575-server-rejects-undeclared-capability": NO_CAPABILITY,
      "sep-2575-missing-capability-http-400": NO_CAPABILITY,
      "sep-2575-http-server-no-independent-requests-on-stream": "the tool never asks the client for anything",
      "sep-2575-server-no-log-without-loglevel": "no log messages are ever sent",
      "sep-2575-server-sends-subscription-ack": NO_LISTS,
      "sep-2575-server-tags-subscription-id": NO_LISTS,
      "sep-2575-server-honors-notification-filter": NO_LISTS,
      "sep-2575-server-sends-prompts-list-changed-on-subscription": NO_PROMPTS,
      "sep-2575-server-sends-tools-list-changed-on-subscription": NO_LISTS,
    },
  },
];

/** Beginnings of names of scenarios that do not apply, and why. */
export const NOT_APPLICABLE: readonly (readonly [prefix: string, why: string])[] = [
  ["server-session-lifecycle", "no session is ever made: every request stands alone"],
  ["resources-", NO_RESOURCES],
  ["sep-2164-resource-not-found", NO_RESOURCES],
  ["prompts-", NO_PROMPTS],
  ["completion-complete", "nothing that could be completed: no prompts, no resource templates"],
  ["logging-set-level", "no log messages are sent to clients"],
  ["tools-call-with-logging", "no log messages are sent to clients"],
  ["tools-call-image", "answers are text: it is all that reaches every model"],
  ["tools-call-audio", "answers are text"],
  ["tools-call-embedded-resource", "answers are text"],
  ["tools-call-mixed-content", "answers are text"],
  ["tools-call-sampling", "the tool asks nothing of the client"],
  ["tools-call-elicitation", "the tool asks nothing of the client"],
  ["elicitation-", "the tool asks nothing of the client"],
  ["input-required-result-", "the tool asks nothing of the client"],
  ["server-sse-polling", "streams have no event ids and are not resumed: a wait is repeated with the same `after`"],
  ["http-custom-header-server-validation", "no argument of the tool is mirrored into a header (x-mcp-header)"],
  ["sep-2640-", "extension: skills"],
  ["tasks-", "extension: tasks"],
];
