/** `mcp`: serves `spf_channel` to the host that started it, until that closes stdin. */
import { LivePort } from "../live-port.ts";
import { serveMcp } from "../mcp-stdio.ts";
import { showLine } from "../../protocol/index.ts";
import type { Session } from "../session.ts";
import { Memory } from "../../tool/index.ts";

export async function mcp({ agent, hubFor, world, terminal }: Session): Promise<void> {
  const log = (line: string): void => terminal.note(`channel-hub mcp: ${line.split("\n").map(showLine).join("\n")}`);
  const port = new LivePort({ agent, hubFor: (as) => hubFor({ ...as, kind: "agent" }), log });
  // An answer reaches the host unless it cancels the call, so none is shown twice.
  const memory = new Memory(false);
  await serveMcp(port, { stdin: world.stdin, stdout: world.stdout, log, memory });
  await port.close();
}
