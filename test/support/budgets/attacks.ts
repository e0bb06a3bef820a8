/**
 * Attacks on what can be used up (SECURITY.md, *Budgets*): each drives a resource to its limit, from one
 * ticket, agent key or hub key, or from many, and counts what the hub gave for it. Counts and bytes
 * alone, so that no outcome depends on the machine; what they cost is measured by the command.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Agent } from "../process/agent.ts";
import type { Stage } from "./stage.ts";

export const MIB: number = 1024 * 1024;
const KIB = 1024;
/** The longest names and keys there may be. */
const LONG_NAME = "𝔸".repeat(60);
const LARGE_TEXT = 64 * KIB;

/** Something that was used up: never more than `most`, and at least `least`, else the attack attacked nothing. */
export interface Count {
  readonly what: string;
  readonly is: number;
  readonly least: number;
  readonly most: number;
}

export interface Attack {
  /** As in SECURITY.md. */
  readonly threat: string;
  readonly resource: string;
  readonly from: string;
  readonly run: (stage: Stage) => Promise<readonly Count[]>;
}

/** What all sockets of a channel may have unread, and each apart (SOC6); a page or message may be on top of each account. */
function unreadBound(sockets: number, largest: number): number {
  return 32 * MIB + sockets * 24 * KIB + largest;
}

/** Reads on until the hub ends the sockets or nothing more comes; the bytes of all frames, the first included. */
async function bytesOf(agents: readonly Agent[]): Promise<number> {
  for (const { socket } of agents) socket.resume();
  let before = -1;
  for (let bytes = 0; bytes > before; bytes = sizeOf(agents)) {
    before = bytes;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return sizeOf(agents);
}

function sizeOf(agents: readonly Agent[]): number {
  return agents.reduce(
    (sum, { inbox }) => sum + inbox.reduce((own, frame) => own + JSON.stringify(frame).length, 0),
    0,
  );
}

const long = (key: string): string => key.padEnd(128, "-");

/** Sockets that never read and ask for the whole ring, again and again. */
function unreadPages(from: string, open: Opening, places: (stage: Stage) => number): Attack {
  const run = async (stage: Stage): Promise<Count[]> => {
    const id = await stage.channel();
    await stage.fill(id, 30, 55_000);
    const agents = await stage.crowd(places(stage) + 4, await open(stage, id));
    const before = (await stage.used()).rows_read as number;
    for (const { socket } of agents) socket.pause();
    for (let n = 0; n < 40; n++) for (const agent of agents) agent.say({ action: "history", limit: 1000 });
    await stage.ask(`/api/channel/${id}`);
    const bytes = await bytesOf(agents);
    const rows = ((await stage.used()).rows_read as number) - before;
    return [
      { what: "sockets let in", is: agents.length, least: places(stage), most: places(stage) },
      { what: "bytes pushed", is: bytes, least: 8 * MIB, most: unreadBound(agents.length, agents.length * MIB) },
      // An ask that must wait reads no page: one of these has some 18 rows.
      ...(stage.isAlone ? [{ what: "rows read", is: rows, least: 10, most: 500 + agents.length * 120 }] : []),
    ];
  };
  return { threat: "T40", resource: "pages that nobody reads", from, run };
}

type Opening = (stage: Stage, id: string) => Promise<Opener>;
type Opener = (n: number) => Promise<Agent | undefined>;

async function byTicket(stage: Stage, id: string): Promise<Opener> {
  const { body } = await stage.ask("/api/ticket", stage.reader, { channel_id: id, watch: true });
  return () => stage.connect(id, `ticket=${body.ticket}`);
}

const byKey = (stage: Stage, id: string): Promise<Opener> =>
  Promise.resolve(() => stage.connect(id, "key=one", stage.team));
const byTeam = (stage: Stage, id: string): Promise<Opener> =>
  Promise.resolve((n: number) => stage.connect(id, `key=made-up-${n}`, stage.team));
const byMany = (stage: Stage, id: string): Promise<Opener> =>
  Promise.resolve((n: number) => stage.connect(id, `key=made-up-${n}`, stage.teams[n % stage.teams.length]));

/** Asks for all, reads nothing, says the close, and comes again: the runtime keeps what was pushed for each. */
const closing: Attack = {
  threat: "T40",
  resource: "pages of sockets that are closed unread",
  from: "one agent key",
  run: async (stage) => {
    const id = await stage.channel();
    await stage.fill(id, 30, 55_000);
    const agents: Agent[] = [];
    for (let n = 0; n < 40; n++) {
      const agent = await stage.connect(id, "key=one", stage.team);
      if (agent === undefined) break;
      agents.push(agent);
      agent.socket.pause();
      for (let asks = 0; asks < 8; asks++) agent.say({ action: "history", limit: 1000 });
      await stage.ask(`/api/channel/${id}`);
      agent.socket.close();
    }
    const bytes = await bytesOf(agents);
    return [
      { what: "bytes pushed", is: bytes, least: 8 * MIB, most: unreadBound(agents.length, agents.length * LARGE_TEXT) },
    ];
  },
};

/** A crowd that does not read, and large messages for it. */
function unreadMessages(from: string, open: Opening): Attack {
  const run = async (stage: Stage): Promise<Count[]> => {
    const id = await stage.channel();
    const agents = await stage.crowd(stage.reach.sockets, await open(stage, id));
    for (const { socket } of agents) socket.pause();
    await stage.fill(id, stage.reach.messages, LARGE_TEXT);
    const bytes = await bytesOf(agents);
    const most = unreadBound(agents.length, 2 * LARGE_TEXT);
    return [{ what: "bytes pushed", is: bytes, least: 8 * MIB, most }];
  };
  return { threat: "T40", resource: "messages that nobody reads", from, run };
}

/** A channel full of long names and keys; what its answers carry. */
const largeAnswers: Attack = {
  threat: "T41",
  resource: "answers",
  from: "many keys of one name",
  run: async (stage) => {
    const id = await stage.channel();
    const { participants } = stage.reach;
    await stage.many(participants, (n) => joinLong(stage, id, n));
    await stage.act("join", { channel_id: id, key: "speaker" });
    const spellings = Array.from(
      { length: 100 },
      (_none, at) => `@${at % 2 === 0 ? LONG_NAME : LONG_NAME.toLowerCase()}`,
    );
    const text = `${spellings.join(" ")} @all`.slice(0, 30_000);
    const sent = await stage.act("send", { channel_id: id, key: "maker", text, to: [LONG_NAME, "all"] });
    const details = await stage.ask(`/api/channel/${id}`);
    const list = await stage.ask("/api/channel/list?limit=1000");
    const count = details.body.participant_count as number;
    return [
      { what: "participants", is: count, least: participants - Math.floor(participants / 16), most: participants },
      { what: "an ack beyond its message", is: sent.bytes - Buffer.byteLength(text), least: 100, most: MIB },
      { what: "the channel in full", is: details.bytes, least: 10 * KIB, most: MIB },
      { what: "a list", is: list.bytes, least: KIB, most: MIB + 64 * KIB },
    ];
  },
};

function joinLong(stage: Stage, channel_id: string, n: number): Promise<{ readonly status: number }> {
  const as = stage.teams[n % stage.teams.length];
  return stage.act("join", { channel_id, key: long(`k${n}`), name: LONG_NAME }, as);
}

/** Channels full of long names, all of them in one list and one listen. */
const manyChannels: Attack = {
  threat: "T43",
  resource: "answers between objects",
  from: "one hub key",
  run: async (stage) => {
    const ids = await stage.many(stage.reach.channels, () => stage.channel(LONG_NAME));
    for (const id of ids) await stage.many(stage.reach.participants, (n) => joinLong(stage, id, n));
    await stage.many(ids.length, (n) => stage.act("join", { channel_id: ids[n], key: "hearer" }));
    const list = await stage.ask(`/api/channel/list?limit=1000`, stage.team);
    const listen = await stage.ask("/api/listen?key=hearer", stage.team);
    return [
      { what: "a list", is: list.bytes, least: KIB, most: MIB + 64 * KIB },
      { what: "a listen", is: listen.bytes, least: 10, most: 17 * MIB },
      { what: "refused", is: [list, listen].filter(({ status }) => status !== 200).length, least: 0, most: 0 },
    ];
  },
};

/** A crowd that waits far behind, and is called at once. */
function waiting(from: string, keys: number): Attack {
  const run = async (stage: Stage): Promise<Count[]> => {
    const id = await stage.channel();
    await stage.fill(id, Math.min(100, stage.reach.messages), 16 * KIB);
    const count = Math.min(stage.reach.listens, keys * 8);
    await stage.many(keys, (n) => stage.act("join", { channel_id: id, key: `w-${n % 250}` }, stage.team));
    const last = (await stage.ask(`/api/channel/${id}`)).body.last_seq as number;
    const waits = Array.from({ length: count }, (_none, n) =>
      stage.listen(id, `key=w-${n % Math.min(keys, 250)}&for=me&after=${last}`, stage.team),
    );
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await stage.act("send", { channel_id: id, key: "maker", text: "@all" });
    const answered = await Promise.all(waits);
    return [
      {
        what: "waits answered",
        is: answered.filter((bytes) => bytes > 0).length,
        least: Math.min(8, count),
        most: count,
      },
      { what: "bytes of each", is: Math.max(...answered), least: 10, most: 2 * KIB },
    ];
  };
  return { threat: "T47", resource: "waiting listens", from, run };
}

/** Invented keys that come and go: messages they write, and rows that stay. */
const comingAndGoing: Attack = {
  threat: "T44",
  resource: "joins, leaves and rows",
  from: "one hub key",
  run: async (stage) => {
    const id = await stage.channel();
    const began = Date.now();
    await stage.many(400, async (n) => {
      await stage.act("join", { channel_id: id, key: `g-${n}` }, stage.team);
      return await stage.act("leave", { channel_id: id, key: `g-${n}` }, stage.team);
    });
    const seconds = Math.ceil((Date.now() - began) / 1000);
    const last = (await stage.ask(`/api/channel/${id}`)).body.last_seq as number;
    return [{ what: "messages", is: last - 1, least: 200, most: 256 + seconds }];
  },
};

/** Proofs that come and go: rows that remember them, in the channel and in the index. */
const ghosts: Attack = {
  threat: "T45",
  resource: "remembered leavers and proofs",
  from: "one hub key that signs",
  run: async (stage) => {
    const id = await stage.channel();
    const tries = Math.min(700, stage.reach.participants * 2);
    const joined = await stage.many(tries, () => stage.signed("join", { channel_id: id }, stage.team));
    const taken = joined.filter(({ status }) => status === 200).length;
    const { participant_count } = (await stage.ask(`/api/channel/${id}`)).body;
    const most = stage.reach.participants - Math.floor(stage.reach.participants / 16);
    return [
      { what: "participants", is: participant_count as number, least: 32, most },
      { what: "proofs taken", is: taken, least: 32, most: 600 },
    ];
  },
};

const creates: Attack = {
  threat: "T38",
  resource: "channels",
  from: "one hub key",
  run: async (stage) => {
    const { creates: minute } = stage.reach;
    const began = Date.now();
    const made = await stage.many(minute, (n) => stage.act("create", { name: "x", key: `c-${n}` }, stage.team));
    const share = Math.ceil((minute * 3) / 4);
    const grown = Math.ceil(((Date.now() - began) / 60_000) * share);
    const is = made.filter(({ status }) => status === 200).length;
    return [{ what: "channels made", is, least: Math.floor(share / 2), most: share + grown }];
  },
};

/** What is refused, and what only looks: no object, no row. */
const looking: Attack = {
  threat: "T36",
  resource: "objects, wakes and rows",
  from: "one hub key that only asks",
  run: async (stage) => {
    const id = await stage.channel();
    await stage.act("join", { channel_id: id, key: "there" }, stage.team);
    const before = await stage.used();
    const files = await objects(stage);
    await stage.many(300, (n) => stage.act("send", { channel_id: id, key: `not-there-${n}`, text: "x" }, stage.team));
    await stage.many(100, (n) => stage.act("join", { channel_id: `ch-${90_000 + n}`, key: "x" }, stage.team));
    await stage.many(100, () => stage.act("join", { channel_id: id, key: "there" }, stage.team));
    await stage.many(100, () => stage.ask(`/api/channel/${id}/history`, stage.reader));
    const watchers = await stage.crowd(20, () => stage.connect(id, "", stage.reader));
    for (const { socket } of watchers) socket.terminate();
    const after = await stage.used();
    return [
      ...(stage.isAlone
        ? [{ what: "rows written", is: after.rows_written - before.rows_written, least: 0, most: 8 }]
        : []),
      { what: "objects made", is: (await objects(stage)) - files, least: 0, most: 0 },
    ];
  },
};

async function objects({ hub }: Stage): Promise<number> {
  const files = await readdir(join(hub.directory, "state"), { recursive: true });
  return files.filter((file) => file.endsWith(".sqlite")).length;
}

export const ATTACKS: readonly Attack[] = [
  unreadPages("one ticket", byTicket, () => 16),
  unreadPages("one agent key", byKey, () => 8),
  unreadPages("one hub key", byTeam, ({ reach }) => (reach.sockets * 3) / 4),
  closing,
  unreadMessages("one hub key", byTeam),
  unreadMessages("many hub keys", byMany),
  largeAnswers,
  manyChannels,
  waiting("one agent key", 1),
  waiting("one hub key", 250),
  comingAndGoing,
  ghosts,
  creates,
  looking,
];
