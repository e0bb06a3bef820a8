/** An agent's connection to a hub, on any JavaScript host. */
export { ApiClient } from "./api-client.ts";
export type {
  Agent,
  AuditedAct,
  ChannelList,
  Done,
  FsckReport,
  Health,
  HistoryOptions,
  HistoryPage,
  HubOptions,
  ListenOptions,
  Pass,
  PassWishes,
  SendOptions,
  Sent,
  Signable,
  Ticket,
} from "./api-shapes.ts";
export { ChannelClient, type ChannelEvents, type ConnectOptions, type Drain } from "./channel-client.ts";
export type { Place, Settings, StateChange } from "./connection-state.ts";
export type { Waiting } from "./first-connect.ts";
export { type ConnectionInfo, HubClient, type HubClientOptions } from "./hub-client.ts";
export { type ClientCode, type Failure, HubError, isTemporary } from "./hub-error.ts";
export { type Host, thisHost } from "./host.ts";
export type { ChannelEvent, Dropped } from "./inbox.ts";
export type { ChannelDetails, ListenAnswer, ListenedChannel, Message } from "../protocol/message.ts";
