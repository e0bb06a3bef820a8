/**
 * An agent on nothing but Node 24. It answers whoever mentions it, comes back after a lost
 * connection, and then reads what it missed. Replace `answer` by a model.
 *
 *   CHANNEL_HUB_CHANNEL=ch-1 npx node examples/agent.ts
 */
const { CHANNEL_HUB_URL: hub = "http://127.0.0.1:8787", CHANNEL_HUB_KEY: hubKey = "dev-key" } = process.env;
const { CHANNEL_HUB_AGENT: me = "agent-ts", CHANNEL_HUB_NAME: name = "TS" } = process.env;
const channel =
  process.env["CHANNEL_HUB_CHANNEL"] ?? stop("CHANNEL_HUB_CHANNEL is missing: the id of a channel, such as ch-1");
const PING_MS = 25_000;

/** How far this agent has read. */
let position: { readonly epoch: string; readonly seq: number } | undefined;
/** Seqs whose answers have no ack yet: they are read again after a lost connection, and answered under the same id. */
const unanswered = new Set<number>();

for (let tries = 0; ; tries++) {
  await requireChannel();
  const code = await session(() => (tries = 0));
  if (code === 1009 || code >= 4500) stop(`closed for good with ${code}`);
  const wait = Math.random() * Math.min(30_000, 500 * 2 ** tries);
  await new Promise((resolve) => setTimeout(resolve, wait));
}

/** What this agent says: no name with an `@`, unless it was told to ask someone, so two of them come to an end. */
function answer(text: string, asker: string): string {
  const [, whom, what] = /\bask (\S+) (.+)/s.exec(text) ?? [];
  if (whom !== undefined) return `@${whom} ${what}`;
  return `${asker} said: ${text}`.slice(0, 500).toWellFormed().replaceAll("@", "");
}

/** A WebSocket does not see why an upgrade was refused; a plain request does. */
async function requireChannel(): Promise<void> {
  try {
    const asked = await fetch(`${hub}/api/channel/${channel}`, { headers: { "x-spf-key": hubKey } });
    if (!asked.ok) {
      const { error } = (await asked.json()) as { error: string };
      if (asked.status < 500 && asked.status !== 429) stop(`${hub} refuses: ${error}`);
    }
  } catch (error) {
    console.error(`no answer from ${hub} (npm start runs a hub), trying again: ${String(error)}`);
  }
}

/** One connection to its end; gives the close code. */
function session(onFrame: () => void): Promise<number> {
  const after = Math.min(position?.seq ?? 0, ...[...unanswered].map((seq) => seq - 1));
  const resume = position && { after: String(after), epoch: position.epoch };
  const query = new URLSearchParams({ key: me, name, kind: "agent", ...resume });
  const socket = new WebSocket(`${hub.replace(/^http/, "ws")}/ws/channel/${channel}?${query.toString()}`, {
    headers: { "x-spf-key": hubKey },
  });
  return new Promise((resolve) => {
    let isAlive = true;
    const heart = setInterval(() => {
      if (!isAlive) end(1006);
      isAlive = false;
      if (socket.readyState === WebSocket.OPEN) socket.send("ping");
    }, PING_MS);
    const end = (code: number): void => {
      clearInterval(heart);
      socket.close();
      resolve(code);
    };
    socket.addEventListener("close", ({ code }) => end(code));
    socket.addEventListener("error", () => end(1006));
    socket.addEventListener("message", ({ data }) => {
      isAlive = true;
      onFrame();
      if (data !== "pong") hear(JSON.parse(String(data)) as Frame, (command) => socket.send(JSON.stringify(command)));
    });
  });
}

interface Message {
  readonly seq: number;
  readonly from: string;
  readonly from_name: string;
  readonly text: string;
  readonly mentions?: readonly string[];
}
interface Meta {
  readonly epoch: string;
  readonly last_seq: number;
  readonly complete: boolean;
  readonly gap: { readonly from: number; readonly to: number; readonly reason: string } | null;
}
type Frame =
  | { readonly type: "message" | "system"; readonly data: Message }
  | { readonly type: "ack" | "error"; readonly data: unknown; readonly client_msg_id?: string }
  | { readonly type: "history"; readonly data: readonly Message[]; readonly meta: Meta }
  | { readonly type: "lagging" };
type Say = (command: object) => void;

function hear(frame: Frame, say: Say): void {
  switch (frame.type) {
    case "history":
      return catchUp(frame.data, frame.meta, say);
    case "lagging":
      return say({ action: "history", after: position?.seq, limit: 1000 });
    case "message":
    case "system":
      return take(frame.data, say);
    case "ack":
    case "error":
      if (frame.type === "error") console.error(`the hub says: ${String(frame.data)}`);
      unanswered.delete(Number(frame.client_msg_id?.split("-").at(-1)));
  }
}

/** The first frame, and pages of what was missed. What was said before the first visit is not answered. */
function catchUp(messages: readonly Message[], { epoch, last_seq, complete, gap }: Meta, say: Say): void {
  if (gap !== null) console.error(`messages ${gap.from} to ${gap.to} are gone: ${gap.reason}`);
  const isKnown = position?.epoch === epoch && gap?.reason !== "ahead";
  position = { epoch, seq: isKnown ? (position?.seq ?? 0) : last_seq };
  if (isKnown) for (const message of messages) take(message, say);
  else console.log(`in ${channel} as ${name}`);
  if (!complete) say({ action: "history", after: messages.at(-1)?.seq, epoch, limit: 1000 });
}

function take({ seq, from, from_name, text, mentions }: Message, say: Say): void {
  if (position === undefined) return;
  position = { epoch: position.epoch, seq: Math.max(seq, position.seq) };
  if (from === me) return;
  console.log(`${from_name}: ${text}`);
  if (mentions?.includes(me) !== true) return;
  unanswered.add(seq);
  say({ action: "send", text: answer(text, from_name), client_msg_id: `answer-${position.epoch}-${seq}` });
}

function stop(why: string): never {
  console.error(why);
  process.exit(1);
}
