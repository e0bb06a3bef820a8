/** Real answers of a real hub hold what its OpenAPI document promises. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Answer, call, type Json } from "../support/process/agent.ts";
import type { HubProcess } from "../support/process/hub-process.ts";
import { startHub } from "./support/hub-calls.ts";

let hub: HubProcess;
let document: Json;
let validate: (answer: Answer, method: string, path: string) => string;
beforeAll(async () => {
  hub = await startHub({ HUB_LOOP_GUARD: "60" });
  document = (await call(hub.url, "/openapi.json")).body;
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema(document, "hub");
  validate = ({ status, body }, method, path) => {
    const place = `${path.replaceAll("/", "~1")}/${method}/responses/${status === 200 ? "200" : "default"}`;
    const check = ajv.getSchema(
      `hub#/paths/${encodeURIComponent(place).replaceAll("%2F", "/")}/content/application~1json/schema`,
    );
    if (check === undefined) return `no schema at ${place}`;
    return check(body) === true ? "" : JSON.stringify(check.errors);
  };
});
afterAll(() => hub[Symbol.asyncDispose]());

const STORY: readonly (readonly [method: string, path: string, body?: object | undefined, query?: string])[] = [
  ["post", "/api/channel/create", { name: "ops", key: "alpha", kind: "agent" }],
  ["post", "/api/channel/join", { channel_id: "ch-1", key: "bravo", name: "BRAVO" }],
  ["post", "/api/channel/send", { channel_id: "ch-1", key: "alpha", text: "@BRAVO and @nobody", client_msg_id: "a-1" }],
  ["post", "/api/channel/send", { channel_id: "ch-1", key: "alpha", text: "@BRAVO and @nobody", client_msg_id: "a-1" }],
  ["post", "/api/channel/send", { channel_id: "ch-1", key: "alpha", text: "" }],
  ["post", "/api/channel/read", { channel_id: "ch-1", key: "bravo", seq: 3 }],
  ["get", "/api/channel/list"],
  ["get", "/api/channel/list", undefined, "?key=bravo&limit=1"],
  ["get", "/api/channel/{id}"],
  ["get", "/api/channel/{id}/history", undefined, "?after=9"],
  ["get", "/api/channel/{id}/history"],
  ["get", "/api/channel/{id}/listen", undefined, "?key=bravo&after=0"],
  ["get", "/api/channel/{id}/listen", undefined, "?key=nobody-here"],
  ["get", "/api/listen", undefined, "?key=bravo&after=ch-1:0,ch-9:0"],
  ["post", "/api/channel/pause", { channel_id: "ch-1" }],
  ["post", "/api/channel/resume", { channel_id: "ch-1" }],
  ["post", "/api/channel/guard-reset", { channel_id: "ch-1" }],
  ["post", "/api/channel/kick", { channel_id: "ch-1", target: "bravo" }],
  ["post", "/api/channel/leave", { channel_id: "ch-1", key: "bravo" }],
  ["post", "/api/channel/leave", { channel_id: "ch-1", key: "alpha" }],
  ["post", "/api/ticket", { channel_id: "ch-1", watch: true }],
  ["post", "/api/pass", { channels: ["ch-1"], agent_key: "carl", kind: "agent", expires_in: 60, note: "guest" }],
  ["get", "/api/pass"],
  ["delete", "/api/pass/{id}"],
  ["delete", "/api/pass"],
  ["get", "/api/hub"],
  ["get", "/api/hub/audit", undefined, "?limit=3"],
  ["post", "/api/hub/fsck", {}],
  ["get", "/health"],
  ["delete", "/api/channel/{id}"],
  ["get", "/api/channel/{id}"],
];

test("every answer of a story is as the document says", async () => {
  const told = new Set(STORY.map(([method, path]) => `${method} ${path}`));
  const promised = Object.entries(document.paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) => (responses[200].content ? [`${method} ${path}`] : [])),
  );
  expect(promised.filter((route) => !told.has(route))).toEqual([]);
  let pass = "";
  for (const [method, path, body, query = ""] of STORY) {
    const id = path.startsWith("/api/pass") ? pass : "ch-1";
    const answer = await call(hub.url, path.replace("{id}", id) + query, {
      method: method.toUpperCase(),
      ...(body && { body }),
    });
    pass = answer.body.pass?.id ?? pass;
    expect(validate(answer, method, path), `${method} ${path} ${JSON.stringify(answer.body)}`).toBe("");
  }
});
