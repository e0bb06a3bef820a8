/** The OpenAPI document tells of exactly the routes that are served, and of every error code. */
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../src/hub/worker/app.ts";
import { ERRORS } from "../../src/protocol/index.ts";
import type { Json } from "./support/hub.ts";

async function document(): Promise<Json> {
  const response = await exports.default.fetch("https://hub.test/openapi.json");
  expect(response.status).toBe(200);
  return await response.json();
}

test("the document tells of the routes that are served, all of them and no others, and needs no key", async () => {
  const { openapi, paths } = await document();
  expect(openapi).toBe("3.1.0");
  const told = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace("{id}", ":id")}`),
  );
  const served = app.routes.flatMap(({ method, path }) => (method === "ALL" ? [] : [`${method} ${path}`]));
  expect(told.toSorted()).toEqual([...new Set(served)].toSorted());
});

test("its error schema enumerates every code of the table", async () => {
  const { components } = await document();
  expect(components.schemas.Error.properties.code.enum).toEqual(Object.keys(ERRORS));
});
