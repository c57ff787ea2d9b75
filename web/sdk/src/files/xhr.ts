import type { LocalFile } from "./local.ts";

/** A form (multipart/form-data) with one file, to be sent by POST or PUT. */
export interface UploadRequest {
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The fields that are no file; they go before it. */
  readonly fields: Readonly<Record<string, string>>;
  /** The name of the field that is the file. */
  readonly fileField: string;
  readonly file: LocalFile;
  /** Told how many bytes of how many have gone out; both count the form around the file too. */
  readonly onProgress?: (sent: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface UploadAnswer {
  readonly status: number;
  readonly text: string;
  /** A header of the answer, by its name. */
  header(name: string): string | null;
}

/** Nothing was sent or answered for so long, in ms: the line is dead. The server waits half a minute itself. */
const stallMs = 40_000;

/**
 * Sends a form by XMLHttpRequest, which alone tells the progress of what is sent; browsers and React Native have it.
 * Rejects when there is no answer: the network failed, nothing moved for long, or `signal` was aborted.
 */
export function xhrUpload(request: UploadRequest): Promise<UploadAnswer> {
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted) {
      reject(new Error("given up"));
      return;
    }
    const xhr = new XMLHttpRequest();
    let stall: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(stall);
      stall = setTimeout(() => xhr.abort(), stallMs);
    };
    const abort = () => xhr.abort();
    xhr.open(request.method, request.url);
    for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => {
      alive();
      if (event.lengthComputable) request.onProgress?.(event.loaded, event.total);
    };
    xhr.onload = () =>
      resolve({
        status: xhr.status,
        text: xhr.responseText,
        header: (name) => xhr.getResponseHeader(name),
      });
    xhr.onerror = () => reject(new Error("the upload failed"));
    xhr.onabort = () => reject(new Error(request.signal?.aborted ? "given up" : "the upload stands still"));
    xhr.onloadend = () => {
      clearTimeout(stall);
      request.signal?.removeEventListener("abort", abort);
    };
    request.signal?.addEventListener("abort", abort);
    alive();
    xhr.send(formOf(request));
  });
}

function formOf({ fields, fileField, file }: UploadRequest): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (file.blob) form.append(fileField, file.blob, file.name);
  // React Native's FormData takes an address in place of a Blob and reads the file itself.
  else form.append(fileField, { uri: file.uri, name: file.name, type: file.type } as unknown as Blob);
  return form;
}
