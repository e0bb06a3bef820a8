/** history: the newest messages, a page back, or on from a position. */
import { map, ok } from "../protocol/index.ts";
import {
  ADVISED_WAIT,
  type Answer,
  type Answered,
  type Body,
  type Fields,
  nextCall,
  readOnCall,
  type Turn,
} from "./answer.ts";
import { gapLine, headline } from "./headline.ts";
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

function bodyOf(asked: Asked, { messages, meta }: HistoryAnswer, room: number, channel: string): Body {
  const { turn, reader, chosen, place } = asked;
  const head = `${headline(channel, messages.length)}${gapLine(meta.gap)}`;
  const fitted = fitMessages(messages, {
    room: room - head.length - LEFT_ROOM,
    keep: place === undefined || meta.gap?.reason === "ahead" ? "newest" : "oldest",
    reader,
    offset: messages[0]?.seq === (place?.seq ?? 0) + 1 ? (place?.offset ?? 0) : 0,
    readOn: ({ seq }, offset) => nextCall(turn.call, readOnCall(chosen.id, seq, offset)),
  });
  const { line, next } = restOf(asked, fitted, meta);
  return { text: `${head}${fitted.text}${line}`, next };
}

/** `…1000 earlier` and its line break. */
const LEFT_ROOM = 40;

/** What lies beyond the shown messages, and the call that gets it. */
function restOf(
  { turn: { call }, chosen, place }: Asked,
  { shown: range }: Fitted,
  { first_seq, last_seq }: HistoryAnswer["meta"],
): { readonly line: string; readonly next: Fields } {
  const again = { action: "history", channel: chosen.id };
  const { before, limit } = call;
  const end = Math.min(last_seq, (before ?? Infinity) - 1);
  if (range !== undefined && place !== undefined && range.last < end) {
    const next = { ...again, after: String(range.last), before, limit: limit === 1 ? undefined : limit };
    return { line: `…${end - range.last} later\n`, next };
  }
  if (range !== undefined && place === undefined && range.first > first_seq)
    return { line: `…${range.first - first_seq} earlier\n`, next: { ...again, before: range.first, limit } };
  return { line: "", next: { action: "listen", channel: chosen.id, wait: ADVISED_WAIT } };
}
