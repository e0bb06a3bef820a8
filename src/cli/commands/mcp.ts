/** `mcp`: serves `spf_channel` to the host that started it, until that closes stdin. */
import { showLine } from "../../protocol/index.ts";
import { LivePort } from "../live-port.ts";
import { serveNothing } from "../mcp-nothing.ts";
import { serveMcp } from "../mcp-stdio.ts";
import { keyFault } from "../refusals.ts";
import { anywhere, hubOfOrigin, LOCAL_HUB } from "../origin.ts";
import { failureLines, openSession, prepare, type Session, type World } from "../session.ts";
import type { Flags } from "../settings.ts";
import { wakes } from "../push/wake-calls.ts";
import { NotSetUp } from "../setup/as-host.ts";

export async function mcp(flags: Flags, world: World): Promise<void> {
  const note = (text: string): void => void world.stderr.write(`channel-hub mcp: ${text}\n`);
  const log = (text: string): void => note(text.split("\n").map(showLine).join("\n"));
  try {
    const session = await openSession(prepare(flags, world), true);
    await serve(session, log);
  } catch (error) {
    if (!(error instanceof NotSetUp)) throw error;
    // The host has it in every folder; only where it was set up is there a tool.
    await serveNothing(failureLines(error, anywhere(hubOfOrigin() ?? LOCAL_HUB)), world.stdin, world.stdout);
  }
}

async function serve(session: Session, log: (line: string) => void): Promise<void> {
  const { agent, hub, hubFor, world, connection, isNew } = session;
  // A further session of the same host begins where the first one is.
  if (isNew === true && connection?.channel !== undefined) {
    hub.api.join(connection.channel).catch((error: unknown) => log(String(error)));
  }
  const { memory, watcher, claude } = wakes(session, log, () => void port.attend());
  const port = new LivePort({
    agent,
    hubFor: (as) => hubFor({ ...as, kind: "agent" }),
    log,
    watcher,
    keyFault: keyFault(world.env["CHANNEL_HUB_KEY"] || session.settings.key),
  });
  // A host that can be woken at any time is woken before its first call too.
  if (claude !== undefined) void port.attend();
  const experimental = claude?.capability;
  const notify = claude?.connect;
  await serveMcp(port, { stdin: world.stdin, stdout: world.stdout, log, memory, watcher, experimental, notify });
  watcher.close();
  await port.close();
}
