export { Calls, type MediaDevice } from "./call/calls.ts";
export type { CallMedia } from "./call/devices.ts";
export * from "./call/state.ts";
export { ConfabClient, type ConfabClientOptions } from "./client.ts";
export * from "./errors.ts";
export * from "./events.ts";
export { RestClient } from "./net/rest.ts";
export { Socket, type SocketTiming } from "./net/socket.ts";
export { TokenKeeper } from "./net/tokens.ts";
export { type Observable, Signal, Subject } from "./observable.ts";
export {
  browserPlatform,
  type KeyValueStorage,
  memoryStorage,
  type Platform,
  type ReachabilityChange,
  type SocketLike,
  type WebRTCPlatform,
} from "./platform.ts";
export * from "./state.ts";
export { chatTitle, deliveryMark, isArchived, isMuted, otherMember } from "./sync/chats.ts";
export { Messaging } from "./sync/messaging.ts";
export * from "./types.ts";
