/** Positions in several channels as one field of a query. */
import * as v from "valibot";
import { fault, shown } from "./fields.ts";
import { LISTEN_CHANNELS } from "./limits.ts";

/** Where to read on from in a channel. */
export interface ChannelPosition {
  readonly channel_id: string;
  readonly after: number;
}

/** `ch-1:12,ch-4:7`: positions in several channels. */
export const positions: v.GenericSchema<unknown, ChannelPosition[]> = v.pipe(
  v.unknown(),
  v.string(fault("bad_limit", "after must be positions such as ch-1:12,ch-4:7")),
  v.transform((list) => list.split(",").map(positionOf)),
  v.check((list) => !list.includes(undefined), fault("bad_limit", "after must be positions such as ch-1:12,ch-4:7")),
  v.transform((list) => list.filter((one) => one !== undefined)),
  v.check(
    (list) => list.length <= LISTEN_CHANNELS,
    fault("bad_limit", `after must hold at most ${LISTEN_CHANNELS} channels`),
  ),
  v.check(
    (list) => new Set(list.map(({ channel_id }) => channel_id)).size === list.length,
    fault("bad_limit", "after must hold each channel once"),
  ),
  shown({
    type: "string",
    examples: ["ch-1:12,ch-4:7"],
    description: `at most ${LISTEN_CHANNELS} channels, each once`,
  }),
);

function positionOf(place: string): ChannelPosition | undefined {
  const [, channel_id, seq_text] = /^([^:]+):(\d{1,12})$/.exec(place) ?? [];
  return channel_id === undefined ? undefined : { channel_id, after: Number(seq_text) };
}
