/** One value of a request that the server did not take. */
export interface FieldError {
  field: string;
  /** For people, in English. */
  message: string;
  /** A stable word for what is wrong with the value, where somebody may have typed it. */
  code?: string;
}

export interface ErrorDetails {
  status: number;
  code: string;
  message: string;
  fields?: readonly FieldError[];
  /** Milliseconds until it is worth trying again. */
  retryAfter?: number;
  cause?: unknown;
}

/** A request that the server refused. `code` is stable and meant for programs; `message` is for people. */
export class ConfabError extends Error {
  override readonly name: string = "ConfabError";
  /** The HTTP status; 0 where there was none (socket acks, network). */
  readonly status: number;
  readonly code: string;
  readonly fields: readonly FieldError[];
  readonly retryAfter: number | undefined;

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
    this.fields = details.fields ?? [];
    this.retryAfter = details.retryAfter;
  }
}

/** Why nothing came back. */
export type NetworkErrorCode = "offline" | "timeout" | "aborted" | "disconnected";

/** No answer from the server: whether it did what was asked is not known. */
export class NetworkError extends ConfabError {
  override readonly name = "NetworkError";

  constructor(code: NetworkErrorCode, message: string, cause?: unknown) {
    super({ status: 0, code, message, cause });
  }
}

/** The session is over: there are no tokens, or the server takes them no longer. */
export class SignedOutError extends ConfabError {
  override readonly name = "SignedOutError";

  constructor(message = "signed out", cause?: unknown) {
    super({ status: 401, code: "signed_out", message, cause });
  }
}

/** Refusals that say nothing about the request itself. */
const passingCodes = new Set([
  "rate_limited",
  "too_many_uploads",
  "upload_cut_off",
  "internal",
  "unavailable",
  "draining",
  "unauthorized",
]);

/** Worth trying again: nobody answered, or the server could not just now. */
export function isPassing(error: unknown): boolean {
  return error instanceof NetworkError || (error instanceof ConfabError && passingCodes.has(error.code));
}

/** Anything that was thrown, as an error of this kind. */
export function asConfabError(error: unknown): ConfabError {
  return error instanceof ConfabError
    ? error
    : new ConfabError({ status: 0, code: "internal", message: String(error), cause: error });
}

export type MediaSource = "microphone" | "camera" | "screen";

/** Why a device gave nothing. */
export type MediaErrorCode = "permission_denied" | "no_device" | "in_use" | "unsupported" | "failed";

/** A microphone, camera or screen that could not be opened. */
export class MediaError extends Error {
  override readonly name = "MediaError";
  readonly code: MediaErrorCode;
  readonly source: MediaSource;

  constructor(code: MediaErrorCode, source: MediaSource, cause?: unknown) {
    super(`${source}: ${code}`, { cause });
    this.code = code;
    this.source = source;
  }
}
