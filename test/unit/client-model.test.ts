/**
 * The client against a model hub of a few lines, under every interleaving the dice find: frames that
 * arrive late or never, links that break, a hub that keeps messages and acks back from a slow reader.
 * Whatever happens, the application is told everything once and in order, and every send is stored once.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChannelClient } from "../../src/client/index.ts";
import type { Message } from "../../src/protocol/index.ts";
import { ack, live, message, newHub, page } from "../support/client-fixture.ts";
import { FakeHost, type FakeSocket } from "../support/fake-host.ts";

/** Messages of a page: few, so that reading on takes several. */
const PAGE = 3;

class ModelHub {
  readonly log: Message[] = [message(1, { from: "system", msg_type: "system" })];
  readonly host = new FakeHost();
  socket: FakeSocket | undefined;
  #isLive = false;

  /** Greets a socket that was opened since the last look. */
  async look(): Promise<void> {
    await this.host.settle();
    const newest = this.host.sockets.at(-1);
    if (newest === undefined || newest === this.#greeted) return;
    this.#greeted = newest;
    this.socket = newest;
    newest.events.opened();
    const after = new URL(newest.request.url).searchParams.get("after");
    if (after === null) this.#sayPage(this.log, true);
    else this.#sayAfter(Number(after));
  }
  #greeted: FakeSocket | undefined;

  /** Somebody else speaks. */
  post(): void {
    const seq = this.log.length + 1;
    this.log.push(message(seq));
    if (this.#isLive) this.socket?.say(live(seq));
  }

  /** Handles the first few of what the client said. */
  serve(count: number): void {
    for (const text of this.socket?.toHub.splice(0, count) ?? []) this.#handle(text);
  }

  /** Handles the next in a turn in which the reader is found too far behind: its ack is kept back with the rest. */
  lag(): void {
    if (!this.#isLive) return;
    this.#isLive = false;
    const [text] = this.socket?.toHub.splice(0, 1) ?? [];
    this.socket?.say({ type: "lagging", data: { last_seq: this.log.length } });
    const command: unknown = text === undefined || text === "ping" ? undefined : JSON.parse(text);
    if (isSend(command)) this.#store(command);
    else if (text !== undefined) this.#handle(text);
  }

  /** The link breaks; what is on its way either way is gone. */
  cut(): void {
    this.#isLive = false;
    const socket = this.socket;
    this.socket = undefined;
    socket?.events.closed(1006, "");
  }

  #handle(text: string): void {
    if (text === "ping") return void this.socket?.say("pong");
    const command: unknown = JSON.parse(text);
    if (isSend(command)) {
      const { stored, duplicate } = this.#store(command);
      this.socket?.say(ack(stored.seq, command.client_msg_id, { data: stored, duplicate }));
    }
    if (isHistory(command)) this.#sayAfter(command.after, command.ref);
  }

  #store({ client_msg_id, text }: Send): { stored: Message; duplicate: boolean } {
    const first = this.log.find((one) => one.client_msg_id === client_msg_id);
    if (first !== undefined) return { stored: first, duplicate: true };
    const stored = message(this.log.length + 1, { from: "alpha", text, client_msg_id });
    this.log.push(stored);
    return { stored, duplicate: false };
  }

  #sayAfter(after: number, ref?: string): void {
    const data = this.log.slice(after, after + PAGE);
    this.#sayPage(data, after + data.length === this.log.length, ref);
  }

  #sayPage(data: readonly Message[], complete: boolean, ref?: string): void {
    this.#isLive = complete;
    this.socket?.say(page(data, { complete, last_seq: this.log.length }, ref));
  }
}

interface Send {
  readonly client_msg_id: string;
  readonly text: string;
}

function isSend(command: unknown): command is Send {
  return (command as { action?: string } | undefined)?.action === "send";
}

function isHistory(command: unknown): command is { after: number; ref: string } {
  return (command as { action?: string }).action === "history";
}

const few = fc.integer({ min: 1, max: 4 });
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("post" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("send" as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("serve" as const), count: few }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("hear" as const), count: few }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lag" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), count: few }) },
);

type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

class Run {
  readonly hub = new ModelHub();
  readonly #channel: ChannelClient;
  readonly #told: number[] = [];
  /** What the client held against a hub that made no mistake. */
  readonly #faults: string[] = [];
  readonly #acked: Promise<number>[] = [];
  /** Sends that are not answered. */
  #open = 0;

  private constructor(hub: ModelHub, channel: ChannelClient) {
    this.hub = hub;
    this.#channel = channel;
    channel.on("message", ({ seq }) => this.#told.push(seq));
    channel.on("error", ({ message: text }) => this.#faults.push(text));
  }

  static async start(): Promise<Run> {
    const hub = new ModelHub();
    const connecting = newHub(hub.host).connect("ch-1");
    await hub.look();
    hub.socket?.flush();
    return new Run(hub, await connecting);
  }

  async do(one: Action): Promise<void> {
    const { hub } = this;
    if (one.do === "post") hub.post();
    if (one.do === "send") this.#send();
    if (one.do === "serve") hub.serve(one.count);
    if (one.do === "hear") hub.socket?.flush(one.count);
    if (one.do === "lag") hub.lag();
    if (one.do === "cut") hub.cut();
    if (one.do === "wait") await hub.host.advance(one.count * 2000);
    await hub.look();
  }

  /** Lets the network be good until everything has come to rest, and looks at the result. */
  async finish(): Promise<void> {
    const { hub } = this;
    await hub.host.advance(0);
    for (let rounds = 0; rounds < 200 && !this.#isAtRest(); rounds++) {
      await hub.host.advance(500);
      await hub.look();
      hub.serve(Infinity);
      hub.socket?.flush();
    }
    const others = hub.log.filter(({ from }) => from !== "alpha").map(({ seq }) => seq);
    const own = hub.log.filter(({ from }) => from === "alpha");
    expect(this.#faults).toEqual([]);
    expect(this.#told).toEqual(others);
    expect(own.map(({ text }) => text)).toEqual(this.#acked.map((_, at) => `text ${at}`));
    expect(await Promise.all(this.#acked)).toEqual(own.map(({ seq }) => seq));
    void this.#channel.disconnect();
  }

  #send(): void {
    const text = `text ${this.#acked.length}`;
    this.#acked.push(
      this.#channel.send(text).then((sent) => {
        this.#open--;
        return sent.message.seq;
      }),
    );
    this.#open++;
  }

  #isAtRest(): boolean {
    return this.#open === 0 && this.#channel.position?.seq === this.hub.log.length;
  }
}

test("[SOC2] [SOC3] [SOC6] [DUR3] told once and in order, stored once and in order, whatever the network does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 80, size: "max" }), async (actions) => {
      const run = await Run.start();
      for (const one of actions) await run.do(one);
      await run.finish();
    }),
    { numRuns: 1000 },
  );
});
