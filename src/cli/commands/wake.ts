/**
 * `wake --verify`: mentions each agent that `setup` connected in this folder, and shows how long until
 * it was reached, and by which way; or why it was not. An agent was reached once the hub counts the
 * mention as read by it, or has its answer.
 */
import { realpathSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { importIdentity } from "../../client/identity.ts";
import { HubError } from "../../client/index.ts";
import { showLine } from "../../protocol/index.ts";
import { EXIT, type Exit, Failed } from "../exit.ts";
import { hostCalled } from "../hosts/hosts.ts";
import type { Session } from "../session.ts";
import { Agents } from "../setup/agents.ts";
import { type Connection, Connections } from "../setup/connections.ts";
import { Desk } from "../wake/desk.ts";
import { Lock } from "../wake/lock.ts";

const TEXT = "A test of your wake: answer with yes, and no more.";
/** Milliseconds between two looks. */
const LOOK_MS = 100;

/** @param patience seconds for each agent */
export async function verify(session: Session, patience: number): Promise<Exit> {
  const { file, terminal } = session;
  const folder = realpathSync(process.cwd());
  const ours = new Connections(file.folder).all().filter((one) => one.folder === folder);
  if (ours.length === 0)
    throw new Failed(EXIT.failed, `no host is set up in ${folder}`, "set one up: {channel-hub} setup");
  const verdicts = ours.map(async (connection) => {
    const { title } = hostCalled(connection.host);
    const { isReached, says } = await verifyOne(session, connection, patience * 1000);
    await terminal.out(`${title.padEnd(12)} ${isReached ? "" : "not reached: "}${showLine(says)}\n`);
    return isReached;
  });
  return (await Promise.all(verdicts)).every(Boolean) ? EXIT.ok : EXIT.failed;
}

interface Verdict {
  readonly isReached: boolean;
  readonly says: string;
}

async function verifyOne(session: Session, connection: Connection, most: number): Promise<Verdict> {
  const { channel } = connection;
  if (channel === undefined) return { isReached: false, says: "it was set up without a channel" };
  const { identity } = await new Agents(session.file.folder).of(connection);
  const { key } = await importIdentity(identity);
  const way = wayTo(new Desk(session.world.env, session.hub.api.url, key));
  if (way === undefined)
    return { isReached: false, says: "nothing that could wake it runs here; start it, and let it end a turn" };
  try {
    return await mention(session, { channel, key, way, most });
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return { isReached: false, says: error.message };
  }
}

/** What on this machine would wake the agent; undefined where nothing does. */
function wayTo({ tool, lock }: Desk): string | undefined {
  if (tool?.pushes === true) return "its tool";
  return Lock.holder(lock) === undefined ? undefined : "a wait of its hook or plugin";
}

interface Mention {
  readonly channel: string;
  /** The agent's. */
  readonly key: string;
  readonly way: string;
  /** Milliseconds. */
  readonly most: number;
}

async function mention({ hub }: Session, { channel, key, way, most }: Mention): Promise<Verdict> {
  await hub.api.join(channel);
  const { seq } = (await hub.api.send(channel, TEXT, { to: [key] })).message;
  const started = performance.now();
  while (performance.now() < started + most) {
    const { participants } = await hub.api.channel(channel);
    const isRead = participants.some((one) => one.key === key && one.read_seq >= seq);
    const { messages } = await hub.api.history(channel, { after: seq });
    const isAnswered = messages.some(({ from, reply_to }) => from === key && reply_to === seq);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (isAnswered) return { isReached: true, says: `answered in ${seconds} s, woken by ${way}` };
    if (isRead) return { isReached: true, says: `reached in ${seconds} s, by ${way}` };
    await sleep(LOOK_MS);
  }
  return { isReached: false, says: `${way} was there, and ${most / 1000} s were not enough` };
}
