import { ConfabError, NetworkError } from "../errors.ts";
import type { UploadRequest } from "../files/xhr.ts";
import type { Platform } from "../platform.ts";
import { decode, refusal } from "./http.ts";

/** A form with a file; `path` is of the server. */
export interface FormUpload extends Pick<UploadRequest, "method" | "fields" | "fileField" | "file"> {
  path: string;
  token: string;
  progress?: (sent: number, total: number) => void;
  signal?: AbortSignal;
}

/** Sends one file and decodes the answer. Refusals are ConfabErrors, silence is a NetworkError, as with `send`. */
export async function sendForm<T>(platform: Platform, baseUrl: string, form: FormUpload): Promise<T> {
  const { method, fields, fileField, file, path, token, progress, signal } = form;
  try {
    const answer = await platform.upload({
      ...{ method, fields, fileField, file, url: baseUrl + path },
      headers: { Accept: "application/json", Authorization: `Bearer ${token}` },
      ...(progress && { onProgress: progress }),
      ...(signal && { signal }),
    });
    const { status, text } = answer;
    const response = { status, headers: { get: (name: string) => answer.header(name) } };
    if (status < 200 || status > 299) throw refusal(response, text, platform.now());
    return decode<T>(response, text);
  } catch (cause) {
    if (cause instanceof ConfabError) throw cause;
    if (signal?.aborted) throw new NetworkError("aborted", "given up", cause);
    throw new NetworkError("offline", "the file could not be sent", cause);
  }
}
