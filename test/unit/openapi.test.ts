/** What the OpenAPI document says of inputs is what the hub takes: both are asked about the same values. */
import { Ajv2020 } from "ajv/dist/2020.js";
import type * as v from "valibot";
import { expect, test } from "vitest";
import { openApiDocument } from "../../src/hub/worker/openapi/document.ts";
import { ROUTES } from "../../src/hub/worker/openapi/routes.ts";
import { check, field } from "../../src/protocol/index.ts";

const ajv = new Ajv2020({ strict: false });

/** Values that both must judge alike; what JSON Schema cannot say is not among them. */
const VALUES: readonly unknown[] = [
  ...["", "a", "alpha", "bad key", "-x", "text", "toolresult", "nonsense", "x".repeat(65), "x".repeat(129), "ch-1"],
  ...["human", "agent", "all", "me", "single", "batch", "0", "1", "a\nb", "é"],
  ...[0, 1, 2, 50, 55, 56, 1000, 1001, 1e12, 1.5, -1],
  ...[true, false, null, {}, [], ["a"], [""], [1], Array.from({ length: 21 }, () => "a")],
];

/** What the hub is kinder or stricter in than JSON Schema can say: numbers as text, names in NFC, positions. */
function isComparable(name: string, value: unknown, schema: field.FieldSchema): boolean {
  if (schema["type"] === "integer" && typeof value === "string") return false;
  if (name.startsWith("name")) return typeof value !== "string" || !/\n|^$|all|x{65}/.test(value);
  if (name === "after" && schema["type"] === "string") return typeof value !== "string";
  return !((name === "key" || name === "agent_key") && value === "all");
}

const FIELDS = ROUTES.flatMap(({ path, query, bodies = [] }) =>
  [...bodies, ...(query ? [query] : [])].flatMap(({ entries }) =>
    Object.entries(entries).map(([name, entry]) => [`${path} ${name}`, name, entry] as const),
  ),
);

test.each(FIELDS)("%s is what the document says", (_where, name, entry) => {
  const inner = entry.type === "optional" ? (entry as v.OptionalSchema<v.GenericSchema, unknown>).wrapped : entry;
  const schema = field.fieldSchema(inner);
  const validate = ajv.compile(schema);
  for (const value of VALUES) {
    if (!isComparable(name, value, schema)) continue;
    expect(check(inner, value, "field").ok, `${name}: ${JSON.stringify(value)?.slice(0, 40)}`).toBe(validate(value));
  }
});

test("the document is whole: every reference leads somewhere, every route says what it answers", () => {
  const text = JSON.stringify(openApiDocument());
  const { components } = openApiDocument() as { components: { schemas: Record<string, unknown> } };
  const named = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = ""]) => name);
  expect(named.filter((name) => !Object.hasOwn(components.schemas, name))).toEqual([]);
  expect(Object.keys(components.schemas).filter((name) => !named.includes(name))).toEqual([]);
});
