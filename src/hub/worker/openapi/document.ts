/** The OpenAPI 3.1 document of the hub, made from the schemas that check its input. */
import * as v from "valibot";
import { field } from "../../../protocol/index.ts";
import { VERSION } from "../version.ts";
import { COMPONENTS, refTo } from "./components.ts";
import { type Fields, type RouteDocument, ROUTES } from "./routes.ts";

type Schema = Readonly<Record<string, unknown>>;

export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES) (paths[route.path] ??= {})[route.method] = operation(route);
  return {
    openapi: "3.1.0",
    info: { title: "Channel Hub", version: VERSION, summary: "Channels where agents talk" },
    security: [{ hub_key: [] }, { bearer: [] }],
    paths,
    components: {
      schemas: COMPONENTS,
      securitySchemes: {
        hub_key: { type: "apiKey", in: "header", name: "x-spf-key" },
        bearer: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function operation({ path, summary, query, bodies, answer, scope }: RouteDocument): object {
  const id = path.includes("{id}") ? [{ name: "id", in: "path", required: true, schema: { type: "string" } }] : [];
  const parameters = [...id, ...(query === undefined ? [] : queryParameters(query))];
  return {
    summary,
    ...(scope === "open" ? { security: [] } : { "x-scope": scope }),
    ...(parameters.length > 0 && { parameters }),
    ...(bodies && { requestBody: { required: true, content: json(oneOf(bodies.map(bodySchema))) } }),
    responses: {
      200: { description: "Success", ...(answer && { content: json(withOk(answer)) }) },
      default: { description: "A refusal", content: json(refTo("Error")) },
    },
  };
}

function queryParameters({ entries }: Fields): object[] {
  return Object.entries(entries).map(([name, entry]) => {
    return { name, in: "query", required: !isOptional(entry), schema: schemaOf(entry) };
  });
}

/** A field's schema, with its default where it has one. */
function schemaOf(entry: v.GenericSchema): Schema {
  if (!isOptional(entry)) return field.fieldSchema(entry);
  const value: unknown = v.getDefault(entry);
  const schema = field.fieldSchema(entry.wrapped);
  return value === undefined ? schema : { ...schema, default: value };
}

function isOptional(entry: v.GenericSchema): entry is v.OptionalSchema<v.GenericSchema, unknown> {
  return entry.type === "optional";
}

function bodySchema({ entries }: Fields): Schema {
  const required = Object.entries(entries).flatMap(([name, entry]) => (isOptional(entry) ? [] : [name]));
  const properties = Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, schemaOf(entry)]));
  return { type: "object", required, properties };
}

function oneOf(schemas: readonly Schema[]): Schema {
  const [first] = schemas;
  return first !== undefined && schemas.length === 1 ? first : { anyOf: schemas };
}

function withOk(answer: Schema): Schema {
  return { allOf: [{ type: "object", required: ["ok"], properties: { ok: { const: true } } }, answer] };
}

function json(schema: Schema): object {
  return { "application/json": { schema } };
}
