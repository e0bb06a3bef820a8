/**
 * The hub with small tools of known behaviour beside it, each behind the same doors as the real one:
 * `/fixture/NAME` serves the one tool of that name. Main file of the Worker that the official clients
 * and the conformance suite are let loose on; the names are those the suite calls.
 */
import { app } from "../../../src/hub/worker/app.ts";
import { routesOf } from "../../../src/hub/worker/handlers.ts";
import { mcpEndpoint, mcpResumption } from "../../../src/hub/worker/mcp/mcp-endpoint.ts";
import type { ToolAnswer, ToolContext, ToolServer } from "../../../src/hub/worker/mcp/tool-server.ts";

export { Channel, HubIndex } from "../../../src/hub/index.ts";
export default app;

type Call = ToolServer["call"];

const ANY_OBJECT = { type: "object" };

/** JSON Schema words that no endpoint may drop or change. */
const RICH_SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

/** Calls of `wait` whose callers left before the end, since the isolate started. */
let left = 0;
/** Calls of `wait` that began to wait. */
let begun = 0;

function text(words: string): ToolAnswer {
  return { text: words, isError: false };
}

/** `{"wait":SECONDS}` says "waited" after that time; without `wait`, how many waits were left early and how many began. */
async function wait(args: unknown, { signal }: ToolContext): Promise<ToolAnswer> {
  const seconds = (args as { wait?: number }).wait;
  if (seconds === undefined) return text(`left early: ${left}, begun: ${begun}`);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
    begun += 1;
  });
  if (signal.aborted) left += 1;
  return text("waited");
}

async function progress(_args: unknown, context: ToolContext): Promise<ToolAnswer> {
  for (const message of ["one", "two", "three"]) context.progress(message);
  return text("three steps");
}

const CALLS: Readonly<Record<string, Call>> = {
  echo: async (args) => text(JSON.stringify(args)),
  wait,
  broken: () => Promise.reject(new Error("a secret of the inside")),
  test_simple_text: async () => text("simple text"),
  test_error_handling: async () => ({ text: "this tool fails", isError: true }),
  test_tool_with_progress: progress,
  json_schema_2020_12_tool: async () => text("rich"),
};

/** The fixture's own table of routes. */
const FIXTURES = Object.keys(CALLS).map((name) => {
  return { method: "post", path: `/fixture/${name}`, scope: "read" } as const;
});
const route = routesOf(app, "", FIXTURES);
for (const [name, call] of Object.entries(CALLS)) {
  const inputSchema = name === "json_schema_2020_12_tool" ? RICH_SCHEMA : ANY_OBJECT;
  const tool = { name, description: `A tool for tests: ${name}.`, inputSchema };
  const server: ToolServer = { tool, mayRepeat: () => name === "wait", call };
  app.get(
    `/fixture/${name}`,
    mcpResumption(() => server),
  );
  route(`/fixture/${name}`, { POST: mcpEndpoint(() => server) });
}
