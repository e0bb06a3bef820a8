/** What the endpoint serves: one tool, made anew for each request from who asks. */

/** A tool as `tools/list` shows it, word for word. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  /** JSON Schema of an object, without oneOf, anyOf or allOf at its top: hosts drop such tools. */
  readonly inputSchema: object;
  readonly annotations?: object;
}

export interface ToolContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Aborts when the caller has left. */
  readonly signal: AbortSignal;
  /** Tells the caller that work goes on. Does nothing when the answer is not streamed. */
  readonly progress: (message?: string) => void;
}

export interface ToolAnswer {
  /** All that reaches the model. */
  readonly text: string;
  /** The call failed; an empty answer is none. */
  readonly isError: boolean;
}

export interface ToolServer {
  readonly tool: ToolDefinition;
  /** Whether a call may be made once more when its answer was lost. */
  readonly mayRepeat: (args: Readonly<Record<string, unknown>>) => boolean;
  /** `args` are as they came: the tool checks them. Rejects only when the hub itself is at fault. */
  readonly call: (args: unknown, context: ToolContext) => Promise<ToolAnswer>;
}
