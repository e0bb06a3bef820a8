/**
 * MCP for whoever has a wrong hub key. Hosts take a 401 for an offer of OAuth, or drop the server
 * without a word, so that its model never learns why there is no tool. A stranger is told what
 * everybody may know, the tool as the public package has it, and every call of it is answered with
 * what is wrong with the key. Nothing of this hub is told, no object is touched.
 */
import { type Refusal, showLine } from "../../../protocol/index.ts";
import { TOOL } from "../../../tool/index.ts";
import type { HubContext } from "../context.ts";
import { readText } from "../handlers.ts";
import { parseMessage } from "./json-rpc.ts";
import { mcpEndpoint } from "./mcp-endpoint.ts";
import type { ToolAnswer } from "./tool-server.ts";

/** What a host asks before its model can call a tool, and the call. */
const ANSWERED: ReadonlySet<string> = new Set([
  ...["initialize", "server/discover", "ping", "tools/list", "tools/call"],
]);
/** A host that does not know a variable sends its name as it stands in the settings. */
const UNEXPANDED = /^(?:\$\{?[A-Za-z_][A-Za-z_0-9]*\}?|\{env:[A-Za-z_0-9]+\})$/;

/** The answer to a stranger; undefined: it asked for something else. */
export async function answerStranger(c: HubContext, why: Refusal): Promise<Response | undefined> {
  const text = await readText(c);
  const parsed = parseMessage(text.ok ? text.value : "");
  if (!parsed.ok || (parsed.message.type === "request" && !ANSWERED.has(parsed.message.method))) return undefined;
  c.set("refused", why.code);
  const call = (): Promise<ToolAnswer> => Promise.resolve({ text: whyNot(c, why), isError: true });
  const answer = await mcpEndpoint(() => ({ tool: TOOL, mayRepeat: () => false, call }))(c, () => Promise.resolve());
  return answer instanceof Response ? answer : undefined;
}

function whyNot(c: HubContext, { code, error }: Refusal): string {
  const given = c.req.header("x-spf-key") ?? "";
  const told = "Tell your user; nothing that you call here helps.";
  if (!UNEXPANDED.test(given)) return `Error ${code}: ${error}, in this server's settings. ${told}`;
  const sent = `the header x-spf-key is the text ${showLine(given.slice(0, 60))}, which your host did not replace`;
  return `Error ${code}: ${sent}: that variable must be set where the host is started. ${told}`;
}
