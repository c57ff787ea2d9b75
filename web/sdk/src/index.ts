export { Calls, type MediaDevice } from "./call/calls.ts";
export type { PathOptions, PathResult } from "./call/check.ts";
export type { CallMedia } from "./call/devices.ts";
export * from "./call/state.ts";
export { ConfabClient, type ConfabClientOptions } from "./client.ts";
export * from "./errors.ts";
export * from "./events.ts";
export { memoryFiles } from "./files/browser.ts";
export {
  fileProblem,
  type LocalFile,
  localFile,
  maxFileSize,
  maxFilesPerMessage,
  maxVoiceSize,
} from "./files/local.ts";
export { type UploadAnswer, type UploadRequest, xhrUpload } from "./files/xhr.ts";
export { RestClient, type UploadOptions } from "./net/rest.ts";
export { Socket, type SocketTiming } from "./net/socket.ts";
export { TokenKeeper } from "./net/tokens.ts";
export { type Observable, Signal, Subject } from "./observable.ts";
export {
  browserPlatform,
  type FileStorage,
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
