/** What works of a set-up, and what does not and why. */
import { EXIT, type Exit } from "../exit.ts";
import type { Host } from "../hosts/host.ts";
import type { Prepared } from "../session.ts";
import { launchFor } from "./copy.ts";
import type { Joined } from "./enter.ts";
import { findProgram } from "./find-program.ts";
import { askHost, askServer } from "./prove.ts";
import type { Wishes } from "./wishes.ts";

/** One line a host: what works, or what does not and why. */
export async function report(
  { terminal, world }: Prepared,
  { place, hosts }: Wishes,
  joined: ReadonlyMap<Host, Joined>,
): Promise<Exit> {
  const where = { folder: place.folder, env: world.env };
  const proofs = await Promise.all(
    hosts.map(async (host) => {
      const { connection, channel } = joinedOf(host, joined);
      const call = { action: "who", channel: connection.channel };
      const isInstalled = findProgram(host.program, world.env) !== undefined;
      const served = await askServer([...launchFor(place), "mcp", "--host", host.id], call, where);
      const asked = host.check && isInstalled ? await askHost(host.program, host.check, where) : undefined;
      const says = served.isGood ? `the tool works in ${channel}` : `the tool does not work: ${served.says}`;
      const isGood = served.isGood && asked?.isGood !== false;
      return { host, isGood, says: [says, ...(asked === undefined ? [] : [asked.says])].join("; ") };
    }),
  );
  for (const { host, says } of proofs) {
    terminal.note(`${host.title}: ${says}`);
    terminal.note(`  approvals: ${host.approvals}`);
  }
  return proofs.every(({ isGood }) => isGood) ? EXIT.ok : EXIT.failed;
}

export function joinedOf(host: Host, joined: ReadonlyMap<Host, Joined>): Joined {
  const found = joined.get(host);
  if (found === undefined) throw new Error(`${host.id} was not joined`);
  return found;
}
