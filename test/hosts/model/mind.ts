/** One agent's model: what its host offered it, told it and did for it, each with its time. */
import { setTimeout as sleep } from "node:timers/promises";
import { blank, type Conversation, type Item, type Offered, type Reply } from "./conversation.ts";
import { type Manner, obey, replyOf, resident, toolOf } from "./obedient.ts";

export interface Moment {
  /** `performance.now()` */
  readonly at: number;
  readonly text: string;
}

export class Mind {
  #manner: Manner = { steps: 0 };
  /** How others call it, once it has joined. */
  name = "";
  /** The tool as it was offered last; undefined while the host has not offered it. */
  tool: Offered | undefined;
  /** Requests that offered tools, ours among them or not. */
  asked = 0;
  /** Whatever began a turn: words that came last in a request. */
  readonly turns: Moment[] = [];
  readonly calls: Moment[] = [];
  /** Answers of the tool, in order. */
  readonly results: Moment[] = [];
  /** Its last words ended its turn. */
  isIdle = false;
  readonly #answered = new Set<string>();
  #said = 0;

  /** From now on it behaves so, and nothing that was counts. */
  begin(manner: Manner): void {
    this.#manner = manner;
    for (const list of [this.turns, this.calls, this.results]) list.length = 0;
    this.#said = 0;
    this.isIdle = false;
    this.tool = undefined;
  }

  think(conversation: Conversation): Reply {
    const tool = toolOf(conversation);
    if (conversation.tools.length > 0) this.asked++;
    if (conversation.tools.length > 0 && this.#manner.isResident === true)
      return { text: resident(conversation, this.name) };
    // Without tools a host asks for a title, or whether it is there.
    if (tool === undefined)
      return { text: conversation.form === undefined ? "yes" : JSON.stringify(blank(conversation.form)) };
    this.tool = tool;
    this.#remember(conversation);
    const args = obey(this.#manner, this.name, conversation, this.calls.length);
    this.isIdle = args === undefined;
    const reply = replyOf(tool, args, `call_${Math.random().toString(36).slice(2)}`);
    if (args !== undefined) this.calls.push({ at: performance.now(), text: JSON.stringify(args) });
    return reply;
  }

  /** Waits until something is so, at most `most` milliseconds; says whether it is. */
  async until(isSo: () => boolean, most: number): Promise<boolean> {
    for (const end = performance.now() + most; performance.now() < end; await sleep(5)) if (isSo()) return true;
    return isSo();
  }

  /** Turns that began with words about that question. */
  turnsAbout(id: string): readonly Moment[] {
    return this.turns.filter(({ text }) => text.includes(`question ${id} `));
  }

  #remember({ items }: Conversation): void {
    const at = performance.now();
    for (const item of items) {
      if (item.kind !== "answered" || this.#answered.has(item.id)) continue;
      this.#answered.add(item.id);
      this.results.push({ at, text: item.text });
    }
    const said = items.filter(({ kind }) => kind === "said").length;
    const last = items.at(-1);
    if (last?.kind === "said" && said !== this.#said && isBeginning(items)) this.turns.push({ at, text: last.text });
    this.#said = said;
  }
}

/** Whether words come after the model's last ones; those after a call's answer are a host's remark on the way. */
function isBeginning(items: readonly Item[]): boolean {
  const before = items.findLast(({ kind }) => kind !== "said")?.kind;
  return before === undefined || before === "replied";
}
