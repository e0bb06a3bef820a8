/** history: the newest messages, a page back, or on from a position. */
import { map, ok } from "../protocol/index.ts";
import { SEQ_MAX } from "../protocol/limits.ts";
import {
  type Answer,
  type Answered,
  type Body,
  type Fields,
  nextCall,
  nextListen,
  readOnCall,
  type Showing,
  type Turn,
} from "./answer.ts";
import { gapLine, headline, repeatedLine } from "./headline.ts";
import { shown } from "./membership.ts";
import { type Fitted, fitMessages } from "./messages.ts";
import type { HistoryAnswer } from "./port.ts";
import { parsePlace, type Place } from "./position.ts";
import { type Chosen, chooseChannel } from "./resolve.ts";

/** `reader` is the agent's key, if there is one. */
export async function history(turn: Turn, reader: string | undefined): Promise<Answered<Answer>> {
  const chosen = await chooseChannel(turn, reader);
  if (!chosen.ok) return chosen;
  const { after, before, limit } = turn.call;
  const place = after === undefined ? ok(undefined) : parsePlace(after);
  if (!place.ok) return place;
  const page = await turn.port.history({
    channel_id: chosen.value.id,
    ...(limit !== undefined && { limit }),
    ...(place.value && { after: place.value.seq }),
    ...(before !== undefined && { before }),
    ...(reader !== undefined && { reader }),
  });
  const asked: Asked = { turn, reader, chosen: chosen.value, place: place.value };
  return map(page, (found) => ({ body: (room, nameOf) => bodyOf(asked, found, room, shown(chosen.value, nameOf)) }));
}

/** What was asked for, once the channel and the place in it are known. */
interface Asked {
  readonly turn: Turn;
  readonly reader: string | undefined;
  readonly chosen: Chosen;
  readonly place: Place | undefined;
}

function bodyOf(asked: Asked, page: HistoryAnswer, room: number, channel: string): Body {
  const { turn, reader, chosen, place } = asked;
  const { messages, meta, position } = page;
  if (position !== undefined) turn.memory.at(chosen.id, meta.epoch).moved(position);
  const again = repeatedLine(turn.memory.find(chosen.id)?.shownOf(messages.map(({ seq }) => seq)) ?? []);
  const head = `${headline(channel, messages.length)}${gapLine(meta.gap)}${again}`;
  const fitted = fitMessages(messages, {
    room: room - head.length - LEFT_ROOM - nextCall(turn.call, earlierCall(asked, SEQ_MAX)).length,
    keep: place === undefined || meta.gap?.reason === "ahead" ? "newest" : "oldest",
    reader,
    offset: messages[0]?.seq === (place?.seq ?? 0) + 1 ? (place?.offset ?? 0) : 0,
    readOn: ({ seq }, offset) => nextCall(turn.call, readOnCall(chosen.id, seq, offset)),
  });
  const { line, next } = restOf(asked, fitted, meta);
  return { text: `${head}${fitted.text}${line}`, shows: showing(asked, fitted, page), next };
}

/** A page counts as shown where it is known what the reader has read before it. */
function showing({ chosen }: Asked, { shown: range }: Fitted, { meta, position }: HistoryAnswer): readonly Showing[] {
  if (range === undefined || position === undefined) return [];
  return [{ channel_id: chosen.id, epoch: meta.epoch, shown: range }];
}

/** `…999999999999 earlier: `, without its call, and the line break. */
const LEFT_ROOM = 40;

function earlierCall({ turn, chosen }: Asked, before: number): Fields {
  return { action: "history", channel: chosen.id, before, limit: turn.call.limit };
}

/** What lies beyond the shown messages, how to get it, and what comes next. */
function restOf(
  asked: Asked,
  { shown: range }: Fitted,
  { first_seq, last_seq }: HistoryAnswer["meta"],
): { readonly line: string; readonly next: () => Fields } {
  const { turn, reader, chosen, place } = asked;
  const { before, limit } = turn.call;
  const end = Math.min(last_seq, (before ?? Infinity) - 1);
  if (range !== undefined && place !== undefined && range.last < end) {
    const next = {
      action: "history",
      channel: chosen.id,
      after: String(range.last),
      before,
      limit: limit === 1 ? undefined : limit,
    };
    return { line: `…${end - range.last} later\n`, next: () => next };
  }
  const listen = (): Fields => (reader === undefined ? { action: "list" } : nextListen(turn, chosen.id));
  if (range === undefined || place !== undefined || range.first <= first_seq) return { line: "", next: listen };
  const earlier = nextCall(turn.call, earlierCall(asked, range.first));
  return { line: `…${range.first - first_seq} earlier: ${earlier}\n`, next: listen };
}
