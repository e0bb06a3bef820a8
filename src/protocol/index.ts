/** The words both sides speak. Imports valibot and nothing else; no clock, no host. */
export * from "./api.ts";
export {
  type Action,
  type Change,
  type Command,
  type HistoryCommand,
  type JoinCommand,
  type KickCommand,
  type LeaveCommand,
  type ModerationCommand,
  parseCommand,
  type ParsedFrame,
  type ReadCommand,
  type SeenCommand,
  type SendCommand,
} from "./command.ts";
export * from "./error.ts";
export { check, clientMsgId } from "./fields.ts";
export * as field from "./fields.ts";
export type { ChannelPosition } from "./positions.ts";
export * from "./frame.ts";
export * from "./limits.ts";
export * as constants from "./limits.ts";
export { AtNames, EVERYONE, fold, isFor, mentionedIn } from "./mention.ts";
export * from "./message.ts";
export { type Chosen, type LeftOut, leftOut, mostActive } from "./activity.ts";
export {
  clip,
  inQuotes,
  nameInSentence,
  showAuthor,
  showName,
  showSender,
  systemLine,
  wholeCodePoints,
} from "./names.ts";
export * from "./pass.ts";
export * from "./scope.ts";
export * from "./signature.ts";
export { channelNumber, isLongerThan, isReserved, KEY_PATTERN, quote, utf8Length } from "./text.ts";
export { countUnseen, showJson, showLine, showText } from "./visible.ts";
