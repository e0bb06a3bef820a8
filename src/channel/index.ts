/** The rules of one channel: pure and synchronous, no clock, no dice, no runtime. */
export {
  type Act,
  type Caller,
  isWithinReach,
  refuseAct,
  refuseConfined,
  refuseDelete,
  refuseNobody,
  refuseSpeaking,
  type Viewer,
} from "./access.ts";
export { type Audience, type Reached, replyTo } from "./audience.ts";
export {
  boundRange,
  collectPage,
  packRows,
  type Row,
  ROW_BYTES,
  ROW_MESSAGES,
  splitBody,
  type StoredRow,
} from "./batch.ts";
export { createChannel, handle } from "./channel.ts";
export { type HistoryAnswer, type HistoryQuery, readHistory } from "./history.ts";
export {
  endsWait,
  listen,
  type ListenQuery,
  listenStart,
  type Looking,
  type Pages,
  moveReadPosition,
  settleListen,
  type Wanted,
  wakes,
} from "./listen.ts";
export { endClaim, isFirstSight, mustProve, refuseCaller } from "./identity.ts";
export { mayShow } from "./foresight.ts";
export { joinRefusal } from "./join.ts";
export { MemoryLog } from "./memory-log.ts";
export type { Context, Outcome } from "./outcome.ts";
export { type Bucket, isFull, type Rate, take, type Taken } from "./rate.ts";
export type { SendRecord } from "./recent-sends.ts";
export { type Kept, leavesSignatures, leaving, NONCE_MS, ringStart } from "./retention.ts";
export {
  type ChannelRecord,
  type ChannelSettings,
  type ChannelState,
  DEFAULT_SETTINGS,
  type Entry,
  firstSeq,
  markSaved,
  type Participant,
  readSeq,
  restoreChannel,
  type TakenNonce,
} from "./state.ts";
export type { Head, MessageLog, Page, Range } from "./store.ts";
export {
  describe,
  describeParticipants,
  type Presence,
  summarize,
  unshownKeys,
  type Unread,
  unreadFor,
} from "./summary.ts";
export { type Arrival, type Decided, dueTo, makeTurn, type Reply, type Shared, sizeOf, type Turn } from "./turn.ts";
