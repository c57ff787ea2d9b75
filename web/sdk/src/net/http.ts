import { ConfabError, type FieldError, NetworkError } from "../errors.ts";
import type { Platform } from "../platform.ts";

/** How long an answer is waited for. Generous: a slow phone network is no error. */
const answerTimeoutMs = 20_000;

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as multipart/form-data, in place of body. */
  form?: FormData;
  token?: string;
  signal?: AbortSignal;
}

/** One request and its answer, decoded. Refusals are ConfabErrors, silence is a NetworkError. */
export async function send<T>(platform: Platform, baseUrl: string, request: HttpRequest): Promise<T> {
  const abort = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    abort.abort();
  }, answerTimeoutMs);
  const cancel = () => abort.abort();
  if (request.signal?.aborted) abort.abort();
  request.signal?.addEventListener("abort", cancel);
  try {
    const response = await platform.fetch(baseUrl + request.path + queryString(request.query), {
      method: request.method,
      headers: headersOf(request),
      signal: abort.signal,
      ...bodyOf(request),
    });
    const text = await response.text();
    if (!response.ok) throw refusal(response, text, platform.now());
    return decode<T>(response, text);
  } catch (cause) {
    if (cause instanceof ConfabError) throw cause;
    if (request.signal?.aborted) throw new NetworkError("aborted", "given up", cause);
    if (timedOut) throw new NetworkError("timeout", "the server did not answer in time", cause);
    throw new NetworkError("offline", "the server could not be reached", cause);
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", cancel);
  }
}

function bodyOf({ body, form }: HttpRequest): { body?: BodyInit } {
  if (form) return { body: form };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

function headersOf(request: HttpRequest): Record<string, string> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (request.body !== undefined) headers["Content-Type"] = "application/json";
  if (request.token !== undefined) headers.Authorization = `Bearer ${request.token}`;
  return headers;
}

function queryString(query: HttpRequest["query"]): string {
  const parts = Object.entries(query ?? {})
    .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

/** What an answer's head tells, from fetch or an upload. */
interface AnswerHead {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

export function decode<T>(response: AnswerHead, text: string): T {
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    // A proxy's or another program's page: whatever answered is no Confab server.
    throw new ConfabError({
      status: response.status,
      code: "bad_answer",
      message: "the answer is no JSON",
      cause,
    });
  }
}

/** RFC 9457: type, title, status, detail, and this server's code and errors. */
interface Problem {
  title?: unknown;
  detail?: unknown;
  code?: unknown;
  errors?: unknown;
}

export function refusal(response: AnswerHead, text: string, now: number): ConfabError {
  const problem = parseProblem(text);
  const detail = [problem.detail, problem.title].find((s): s is string => typeof s === "string" && s !== "");
  const retryAfter = parseRetryAfter(response.headers.get("Retry-After"), now);
  return new ConfabError({
    status: response.status,
    code: typeof problem.code === "string" ? problem.code : `http_${response.status}`,
    message: detail ?? `the server answered ${response.status}`,
    fields: Array.isArray(problem.errors) ? problem.errors.filter(isFieldError) : [],
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

function parseProblem(text: string): Problem {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

export function isFieldError(value: unknown): value is FieldError {
  if (typeof value !== "object" || value === null) return false;
  const { field, message } = value as Record<string, unknown>;
  return typeof field === "string" && typeof message === "string";
}

/** RFC 9110 section 10.2.3: seconds or a date. Returns milliseconds from now. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null || value.trim() === "") return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
