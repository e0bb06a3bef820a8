/**
 * Drives the machine of `connection.ts`: tells it what the socket and the clock say, and does what
 * it answers. Holds the only socket and knows no rule.
 */
import { Alarm } from "./alarm.ts";
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
import { type Failure, failure, failureFrom } from "./hub-error.ts";
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
  changed(change: StateChange): void;
  faulted(why: Failure): void;
}

export interface LinkOptions {
  readonly channel_id: string;
  readonly place: Place | undefined;
  readonly settings: Settings;
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

  constructor(ports: Upgrading, options: LinkOptions, listener: LinkListener) {
    this.#ports = ports;
    this.#options = options;
    this.#listener = listener;
    this.#state = newConnection(options.place);
    this.#alarm = new Alarm(ports.host, () => this.dispatch({ type: "time" }));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Only while connected. */
  say(text: string): void {
    this.#socket?.send(text);
  }

  dispatch(event: ConnectionEvent): void {
    const { host } = this.#ports;
    const context = { now: host.now(), roll: host.random(), settings: this.#options.settings };
    const { state, effects } = step(this.#state, event, context);
    this.#state = state;
    for (const effect of effects) this.#do(effect);
    this.#alarm.set(deadline(this.#state));
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
        return this.say(effect.text);
      case "tell":
        return this.#listener.told(effect.event);
      case "answered":
        return this.#listener.answered(effect.frame);
      case "rewind":
        return this.#listener.rewound();
      case "changed":
        return this.#listener.changed(effect.change);
      case "fault":
        return this.#listener.faulted(effect.why);
    }
  }

  async #open(link: number): Promise<void> {
    try {
      const request = await upgradeRequest(this.#ports, this.#options.channel_id, this.#state.place);
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
      refused: (answer) => this.dispatch({ type: "refused", link, why: refusalIn(answer) }),
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
    if (frames === undefined)
      return this.#listener.faulted(failure("bad_frame", `no frame of a hub: ${data.slice(0, 100)}`));
    this.dispatch({ type: "frames", link, frames, bytes: data.length });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000, "");
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
