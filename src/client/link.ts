/**
 * Drives the machine of `connection.ts`: tells it what the socket and the clock say, and does what
 * it answers. Holds the only socket and knows no rule.
 */
import { Alarm } from "./alarm.ts";
import { type Clock, LOOK_MS } from "./clock.ts";
import { deadline, step } from "./connection.ts";
import {
  type ConnectionEvent,
  type ConnectionState,
  type Effect,
  newConnection,
  type Place,
  type Settings,
  type StateChange,
} from "./connection-state.ts";
import { type Failure, failureFrom } from "./hub-error.ts";
import type { Message } from "../protocol/message.ts";
import type { Socket, SocketEvents } from "./host.ts";
import type { ChannelEvent } from "./inbox.ts";
import { type PlainFrame, readFrames } from "./read-frame.ts";
import { refusalIn, type Upgrading, upgradeRequest, whyRefused } from "./upgrade.ts";

/** Who hears what a link brings. */
export interface LinkListener {
  told(event: ChannelEvent): void;
  answered(frame: PlainFrame): void;
  /** Commands on the wire may be lost. */
  rewound(): void;
  /** An own message stands in the channel. */
  shown(message: Message): void;
  /** The channel was read to its end. */
  current(): void;
  changed(change: StateChange): void;
  faulted(why: Failure): void;
}

export interface LinkOptions {
  readonly channel_id: string;
  readonly place: Place | undefined;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Names this side of the connection (SOC1). */
  readonly instance: string;
}

/** Milliseconds that a closing handshake may take before nobody waits for it any more. */
const CLOSING_MS = 1000;

export class Link {
  readonly #ports: Upgrading;
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  readonly #alarm: Alarm;
  #state: ConnectionState;
  #socket: Socket | undefined;
  #onClosed: () => void = () => undefined;
  #woke_at = -Infinity;
  #deafen: () => void = () => undefined;

  constructor(ports: Upgrading, options: LinkOptions, listener: LinkListener) {
    this.#ports = ports;
    this.#options = options;
    this.#listener = listener;
    this.#state = newConnection(options.place);
    this.#alarm = new Alarm(ports.host, options.clock, () => this.dispatch({ type: "time" }));
  }

  /** Begins to connect, and hears from now on when the machine wakes. */
  start(): void {
    this.#deafen = this.#ports.host.onWake(() => this.dispatch({ type: "connect" }));
    this.dispatch({ type: "connect" });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** A command; only while connected. */
  say(text: string): void {
    this.#socket?.send(text);
    this.dispatch({ type: "said" });
  }

  dispatch(event: ConnectionEvent): void {
    const { clock } = this.#options;
    const now = clock.now();
    if (clock.woke_at > this.#woke_at) {
      // What was due while the machine slept is not overdue: first the link is probed.
      this.#woke_at = clock.woke_at;
      this.dispatch({ type: "connect" });
    }
    this.#step(event, now);
    const due = deadline(this.#state);
    this.#alarm.set(due === undefined ? undefined : Math.min(due, now + LOOK_MS));
    if (due === undefined) this.#deafen();
  }

  /** Lets go of the link, and comes back for what it did not bring. */
  renew(why: Failure): void {
    this.dispatch({ type: "renew", why });
  }

  #step(event: ConnectionEvent, now: number): void {
    const context = { now, roll: this.#ports.host.random(), settings: this.#options.settings };
    const { state, effects } = step(this.#state, event, context);
    this.#state = state;
    for (const effect of effects) this.#do(effect);
  }

  /** Ends it; resolves when the socket is closed, or will not answer. */
  async disconnect(why: Failure): Promise<void> {
    const closed = this.#socket && this.#untilClosed();
    this.dispatch({ type: "disconnect", why });
    await closed;
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case "open":
        return void this.#open(effect.link);
      case "drop":
        return this.#drop();
      case "say":
        return this.#socket?.send(effect.text);
      case "tell":
        return this.#listener.told(effect.event);
      case "answered":
        return this.#listener.answered(effect.frame);
      case "shown":
        return this.#listener.shown(effect.message);
      case "current":
        return this.#listener.current();
      case "rewind":
        return this.#listener.rewound();
      case "changed":
        return this.#listener.changed(this.#inUnixTime(effect.change));
      case "fault":
        return this.#listener.faulted(effect.why);
    }
  }

  async #open(link: number): Promise<void> {
    try {
      const { channel_id, instance } = this.#options;
      const request = await upgradeRequest(this.#ports, {
        channel_id,
        instance,
        attempt: link,
        place: this.#state.place,
      });
      // It may have been given up meanwhile.
      if (this.#state.link !== link || this.#state.phase.name !== "connecting") return;
      this.#socket = this.#ports.host.open(request, this.#eventsOf(link));
    } catch (error) {
      this.dispatch({ type: "refused", link, why: failureFrom(error) });
    }
  }

  #eventsOf(link: number): SocketEvents {
    let isOpen = false;
    return {
      opened: () => void (isOpen = true),
      text: (data) => this.#hear(link, data),
      refused: (answer) => this.dispatch({ type: "refused", link, why: refusalIn(this.#ports, answer) }),
      closed: (code, reason) => {
        this.#onClosed();
        if (isOpen) this.dispatch({ type: "lost", link, code, reason });
        else void this.#diagnose(link);
      },
    };
  }

  async #diagnose(link: number): Promise<void> {
    if (this.#state.link !== link || this.#state.phase.name !== "connecting") return;
    const why = await whyRefused(this.#ports, this.#options.channel_id, !this.#state.wasConnected);
    this.dispatch({ type: "refused", link, why });
  }

  #hear(link: number, data: string): void {
    if (data === "pong") return this.dispatch({ type: "pong", link });
    const frames = readFrames(data);
    if (frames === undefined) return this.dispatch({ type: "garbage", link, text: data });
    this.dispatch({ type: "frames", link, frames, bytes: data.length });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000, "");
  }

  #inUnixTime(change: StateChange): StateChange {
    const { retry_at } = change;
    return retry_at === undefined ? change : { ...change, retry_at: this.#options.clock.toUnix(retry_at) };
  }

  #untilClosed(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#ports.host.after(CLOSING_MS, resolve);
      this.#onClosed = () => {
        cancel();
        resolve();
      };
    });
  }
}
