/** The hub with the official SDK's server in the place of its own endpoint: what `npm run measure:mcp` compares with. */
import { createMcpHandler, Server } from "@modelcontextprotocol/server";
import { app } from "../../../src/hub/worker/app.ts";
import { routesOf } from "../../../src/hub/worker/handlers.ts";

export { Channel, HubIndex } from "../../../src/hub/index.ts";
export default app;

const ECHO = { name: "echo", description: "A tool for tests: echo.", inputSchema: { type: "object" as const } };

const handler = createMcpHandler(() => {
  const server = new Server({ name: "channel-hub", version: "0.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler("tools/list", () => ({ tools: [ECHO] }));
  server.setRequestHandler("tools/call", ({ params }) => ({
    content: [{ type: "text", text: JSON.stringify(params.arguments ?? {}) }],
  }));
  return server;
});

routesOf(app, "", [{ method: "post", path: "/fixture/echo", scope: "read" }])("/fixture/echo", {
  POST: (c) => handler.fetch(c.req.raw),
});
