import { ConfabError } from "../errors.ts";

/** A file of this device. */
export interface LocalFile {
  readonly name: string;
  /** As the device tells it; the server tells types by content. May be empty. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  /** The bytes, where the platform has blobs (browsers). */
  readonly blob?: Blob;
  /** Where the bytes are, where files are addresses (React Native). */
  readonly uri?: string;
}

/** The largest file that the server takes, in bytes. */
export const maxFileSize = 100 * 1024 * 1024;

/** The largest voice message, in bytes. */
export const maxVoiceSize = 25 * 1024 * 1024;

/** How many files one message carries at most. */
export const maxFilesPerMessage = 10;

/** Why the server would refuse a file, found before any of it is sent; null: it would not. */
export function fileProblem(file: LocalFile, most = maxFileSize): ConfabError | null {
  const refuse = (code: string, message: string) =>
    new ConfabError({ status: 0, code, message, fields: [{ field: "file", message }] });
  if (file.size <= 0) return refuse("empty_file", "the file is empty");
  if (file.size > most) return refuse("too_large", "the file is larger than allowed");
  return null;
}

/** A browser's File (or a Blob with a name) as a LocalFile. */
export function localFile(blob: Blob, name = "name" in blob ? String(blob.name) : ""): LocalFile {
  return { name, type: blob.type, size: blob.size, blob };
}
