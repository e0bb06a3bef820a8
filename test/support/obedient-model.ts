/**
 * A model that does what it is told: it answers whatever it is shown that asks something, once for
 * each time it is shown, and then makes the call in "Next:" to the letter. It knows what it saw, but
 * uses that only for messages that are marked as shown before.
 */
import { nextOf } from "./ask-tool.ts";

export type Call = Readonly<Record<string, unknown>>;

/** Runs one call of the tool. Undefined: the answer got lost. */
export type Caller = (call: Call) => Promise<string | undefined>;

export interface Question {
  readonly channel: string;
  readonly seq: number;
  readonly id: string;
  readonly isMarked: boolean;
}

/** What others ask: `question q17`. The answer is `answer q17`. */
const QUESTION = /^\[(\d+)\] (?!.*\(you\b)[^:]*: .*?\bquestion (q\d+)\b/;

/** Questions of others in an answer of the tool. */
export function questionsIn(answer: string): readonly Question[] {
  const questions: Question[] = [];
  let channel = "";
  let marked: readonly (readonly [number, number])[] = [];
  for (const line of answer.split("\n")) {
    const [, id] = /^(ch-\d+)(?: "[^"]*")?: /.exec(line) ?? [];
    if (id !== undefined) [channel, marked] = [id, []];
    if (line.startsWith("Shown before: ")) marked = spansIn(line);
    const [, seq, question] = QUESTION.exec(line) ?? [];
    if (question === undefined) continue;
    const at = Number(seq);
    const isMarked = marked.some(([first, last]) => first <= at && at <= last);
    questions.push({ channel, seq: at, id: question, isMarked });
  }
  return questions;
}

function spansIn(line: string): (readonly [number, number])[] {
  return [...line.matchAll(/\[(\d+)\](?: to \[(\d+)\])?/g)].map(([, first, last]) => [
    Number(first),
    Number(last ?? first),
  ]);
}

export class ObedientModel {
  readonly #call: Caller;
  readonly #seen: Set<string> = new Set();
  /** Shown, and not answered yet. */
  readonly #open: Question[] = [];
  next: Call;
  /** Ids it answered, as often as it did. */
  readonly answered: string[] = [];
  /** Calls it made. */
  steps = 0;

  constructor(call: Caller, first: Call) {
    this.#call = call;
    this.next = first;
  }

  get isBusy(): boolean {
    return this.#open.length > 0;
  }

  /** Makes the next call. A lost answer: the same call again. */
  async step(call: Call = this.next): Promise<string | undefined> {
    this.steps += 1;
    const answer = await this.#call(call);
    if (answer === undefined) return undefined;
    this.next = nextOf(answer);
    for (const question of questionsIn(answer)) {
      const key = `${question.channel} ${question.seq}`;
      if (!question.isMarked || !this.#seen.has(key)) this.#open.push(question);
      this.#seen.add(key);
    }
    return answer;
  }

  /** Answers one of the questions it was shown. */
  async reply(isReply: boolean): Promise<void> {
    const question = this.#open.shift();
    if (question === undefined) return;
    const { channel, seq, id } = question;
    const text = `answer ${id}`;
    const sent = await this.step({ action: "send", channel, text, ...(isReply && { reply_to: seq }) });
    if (sent?.startsWith("Sent ") === true) this.answered.push(id);
    else this.#open.unshift(question);
  }
}
