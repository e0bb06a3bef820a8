/** A host as the rig drives it: where it comes from, how a user has set it up, how it is started. */
export type HostName = "claude" | "codex" | "gemini" | "opencode";
/** The tool beside the agent, or the hub's own endpoint. */
export type Form = "local" | "remote";
export const FORMS: readonly Form[] = ["local", "remote"];

export interface Host {
  readonly name: HostName;
  readonly package: {
    readonly name: string;
    readonly version: string;
    /** Below `node_modules`, the first that runs. */
    readonly programs: readonly string[];
  };
  /** Its user's own settings, by path below the home: which model, and no questions of a first start. */
  readonly settings: (user: User) => Readonly<Record<string, string>>;
  readonly env: (model: string) => Readonly<Record<string, string>>;
  /** Arguments of a run without a terminal, which ends with the agent's turn. */
  readonly headless: (prompt: string) => readonly string[];
  /** Arguments in a terminal. */
  readonly interactive: readonly string[];
  /** What its screen shows once it takes words. */
  readonly ready: string;
  /** What ends it as its user would, typed line by line; nothing: its window is closed. */
  readonly leave: readonly string[];
  /** Arguments with which it speaks ACP, where it does. */
  readonly acp?: readonly string[];
  /** Ends what the host itself keeps running behind its terminal. */
  readonly stop?: readonly string[];
}

export interface User {
  readonly project: string;
  /** Where the model server serves this user's agent. */
  readonly model: string;
}
