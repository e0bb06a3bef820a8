/**
 * An agent that speaks ACP over its stdin and stdout (https://agentclientprotocol.com), one session
 * for each channel. It is given no files and no terminal of ours: what it can do it does by itself,
 * where its requests for permission are granted.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import {
  client,
  type ClientConnection,
  ndJsonStream,
  PROTOCOL_VERSION,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionNotification,
  type StopReason,
} from "@agentclientprotocol/sdk";

export interface AgentOptions {
  readonly command: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly permit: (request: RequestPermissionRequest, channel: string) => Promise<RequestPermissionResponse>;
}

export interface Said {
  readonly text: string;
  readonly reason: StopReason;
}

/** Milliseconds in which an agent must say that it is there: npx may fetch it first. */
const START_MS = 120_000;
/** Milliseconds of one turn. */
const TURN_MS = 30 * 60_000;
/** Milliseconds to end by itself once its stdin is closed, then once it was told to. */
const ENDING_MS = 1500;

export class AgentProcess {
  readonly #options: AgentOptions;
  readonly #child: ChildProcess;
  readonly #connection: ClientConnection;
  /** Resolves when it has ended: with how. */
  readonly ended: Promise<string>;
  /** Session ids by channel. */
  readonly #sessions: Map<string, string> = new Map();
  /** What each session has said since its last tool call of this turn. */
  readonly #texts: Map<string, string> = new Map();

  private constructor(options: AgentOptions) {
    this.#options = options;
    const [program = "", ...args] = options.command;
    // A group of its own: whatever starts it, such as npx, ends together with it.
    const child = spawn(program, args, {
      cwd: options.folder,
      env: options.env,
      stdio: ["pipe", "pipe", "inherit"],
      detached: process.platform !== "win32",
    });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(signal === null ? `it ended with ${code}` : `${signal} ended it`));
    });
    child.stdin.on("error", () => undefined);
    const stream = ndJsonStream(
      Writable.toWeb(child.stdin),
      Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>,
    );
    this.#connection = client({ name: "channel-hub" })
      .onRequest(
        "session/request_permission",
        async ({ params }) => await options.permit(params, this.#channelOf(params)),
      )
      .onNotification("session/update", ({ params }) => this.#update(params))
      .connect(stream);
  }

  /** @throws why it does not serve */
  static async start(options: AgentOptions): Promise<AgentProcess> {
    const agent = new AgentProcess(options);
    const hello = { protocolVersion: PROTOCOL_VERSION, clientInfo: { name: "channel-hub", version: "1" } };
    try {
      await agent.#orEnd(agent.#connection.agent.request("initialize", hello), START_MS);
      return agent;
    } catch (error) {
      await agent.end();
      throw error;
    }
  }

  /** Whether it was not yet spoken to about that channel. */
  isNew(channel: string): boolean {
    return !this.#sessions.has(channel);
  }

  /** One turn; what it says last. */
  async prompt(channel: string, text: string): Promise<Said> {
    const { agent } = this.#connection;
    const cwd = this.#options.folder;
    const known = this.#sessions.get(channel);
    const sessionId =
      known ?? (await this.#orEnd(agent.request("session/new", { cwd, mcpServers: [] }), START_MS)).sessionId;
    this.#sessions.set(channel, sessionId);
    this.#texts.set(sessionId, "");
    const turn = agent.request("session/prompt", { sessionId, prompt: [{ type: "text", text }] });
    const { stopReason } = await this.#orEnd(turn, TURN_MS);
    return { text: (this.#texts.get(sessionId) ?? "").trim(), reason: stopReason };
  }

  /** Ends it and whatever it started. */
  async end(): Promise<void> {
    this.#connection.close();
    this.#child.stdin?.end();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const isOver = await Promise.race([this.ended.then(() => true), sleep(ENDING_MS, false)]);
      if (isOver) return;
      this.kill(signal);
    }
    await this.ended;
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null) return;
    if (process.platform === "win32") this.#child.kill(signal);
    else process.kill(-pid, signal);
  }

  #channelOf({ sessionId }: { readonly sessionId: string }): string {
    return [...this.#sessions].find(([, id]) => id === sessionId)?.[0] ?? "";
  }

  #update({ sessionId, update }: SessionNotification): void {
    // What it says before a tool call is about its work; what it says last is its answer.
    if (update.sessionUpdate === "tool_call") this.#texts.set(sessionId, "");
    if (update.sessionUpdate !== "agent_message_chunk" || update.content.type !== "text") return;
    this.#texts.set(sessionId, (this.#texts.get(sessionId) ?? "") + update.content.text);
  }

  async #orEnd<T>(asking: Promise<T>, most: number): Promise<T> {
    const late = new AbortController();
    const ended = this.ended.then((how) => {
      throw new Error(how);
    });
    const tooLate = sleep(most, undefined, { signal: late.signal, ref: false }).then(
      () => {
        throw new Error(`it did not answer for ${most / 60_000} minutes`);
      },
      () => new Promise<never>(() => undefined),
    );
    try {
      return await Promise.race([asking, ended, tooLate]);
    } finally {
      late.abort();
    }
  }
}
