/** `resident`: an agent that speaks ACP, as a member of channels. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { basename } from "node:path";
import { EXIT, type Exit, Failed, failedFrom } from "../exit.ts";
import { insist } from "../follow.ts";
import type { Permissions } from "../resident/permissions.ts";
import { Resident } from "../resident/resident.ts";
import { Seat } from "../resident/seat.ts";
import { channelId } from "../channels.ts";
import type { Session, World } from "../session.ts";
import type { Flags } from "../settings.ts";
import { Desk } from "../wake/desk.ts";
import { Lock } from "../wake/lock.ts";

export interface ResidentFlags {
  readonly channel?: readonly string[];
  readonly permissions: Permissions;
  readonly owner?: string;
}

/** Until every channel is over, or a signal. */
export async function resident(session: Session, command: readonly string[], flags: ResidentFlags): Promise<Exit> {
  const { permissions, owner } = flags;
  if (permissions === "ask" && owner === undefined)
    throw new Failed(EXIT.usage, "--permissions ask needs --owner", "give the agent key of whoever may allow");
  lock(session);
  const ids = await channels(session, flags.channel ?? []);
  const seats: Seat[] = [];
  const folder = process.cwd();
  const life = new Resident(session, seats, { command, folder, permissions, owner });
  endTogether(life);
  try {
    await life.start();
  } catch (error) {
    throw new Failed(
      EXIT.failed,
      `${command.join(" ")}: ${error instanceof Error ? error.message : String(error)}`,
      STARTS,
    );
  }
  for (const id of ids) seats.push(await Seat.take(session, id, () => life.look()));
  const { key, name = key } = session.agent;
  session.terminal.note(`${name} (key ${key}) is in ${ids.join(", ")}; Ctrl-C ends it`);
  await life.run();
  await life.end();
  const [over] = seats.flatMap((seat) => (seat.over === undefined ? [] : [failedFrom(seat.over)]));
  throw over ?? new Failed(EXIT.failed, "there is no channel");
}

const STARTS = "it must be a command that speaks ACP over its stdin and stdout, such as: opencode acp, gemini --acp";

/** One resident or wait for each agent on a machine. */
function lock({ world, hub, agent }: Session): void {
  // A wait that finds it taken asks for a look at all channels: it has them in view, and must not end of it.
  if (process.platform !== "win32") process.on("SIGUSR2", () => undefined);
  const held = Lock.take(new Desk(world.env, hub.api.url, agent.key).lock);
  if (!(held instanceof Lock)) throw new Failed(EXIT.busy, `process ${held.pid} answers for ${agent.key} already`);
  process.once("exit", () => held.release());
}

async function channels(session: Session, wanted: readonly string[]): Promise<readonly string[]> {
  const names = wanted.length === 0 ? [undefined] : wanted;
  const ids: string[] = [];
  for (const name of names) {
    const id = await insist(() => channelId(session, name), Infinity, session.terminal);
    if (id !== undefined && !ids.includes(id)) ids.push(id);
  }
  return ids;
}

/** However this process ends, its agent does too. */
function endTogether(life: Resident): void {
  process.once("exit", () => life.kill());
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(EXIT.interrupted));
}

/** Programs that only start another. */
const STARTERS = /^(npx|npm|pnpm|bunx|node|env|sh|bash|exec|dlx|-.*|\w+=.*)$/;

/**
 * Who a resident is unless it was said: the same command in the same folder of the same machine is
 * the same agent, and two of them are never one.
 */
export function usualSelf(
  command: readonly string[],
  env: World["env"],
  folder: string = process.cwd(),
): Partial<Flags> {
  const program = command.find((word) => !STARTERS.test(basename(word))) ?? command[0] ?? "agent";
  const [own, place] = [program, folder].map((path) => slug(basename(path)));
  const digits = createHash("sha256")
    .update(JSON.stringify([hostname(), folder, command]))
    .digest("hex")
    .slice(0, 4);
  return {
    ...(!env["CHANNEL_HUB_AGENT"] && { agent: `${own}-${place}-${digits}` }),
    ...(!env["CHANNEL_HUB_NAME"] && { name: (own ?? "").toUpperCase() }),
  };
}

function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .replaceAll(/@[\d.]+$/g, "")
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 32) || "agent"
  );
}
