export * from "./call/state.ts";
export * from "./chats.ts";
export * from "./client.ts";
export * from "./errors.ts";
export * from "./events.ts";
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
export * from "./types.ts";
