import type { FileStorage } from "../platform.ts";
import type { LocalFile } from "./local.ts";

const databaseName = "confab";
const storeName = "files";

/** IndexedDB keeps blobs as they are, and on disk. Where it is missing or refused, files last as long as the page. */
export function browserFiles(): FileStorage {
  if (typeof indexedDB === "undefined") return memoryFiles();
  let opening: Promise<IDBDatabase> | null = null;
  const database = () => {
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  async function run<T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const transaction = (await database()).transaction(storeName, mode);
    const request = work(transaction.objectStore(storeName));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
    });
  }
  return {
    get: async (key) => ((await run("readonly", (store) => store.get(key))) as LocalFile | undefined) ?? null,
    set: async (key, file) => void (await run("readwrite", (store) => store.put(file, key))),
    remove: async (key) => void (await run("readwrite", (store) => store.delete(key))),
    keys: async (prefix) =>
      (await run("readonly", (store) => store.getAllKeys()))
        .map(String)
        .filter((key) => key.startsWith(prefix)),
  };
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the database did not open"));
    request.onblocked = () => reject(new Error("the database is held by another version"));
  });
}

/** A file storage that forgets with the process: for tests and where nothing may be kept. */
export function memoryFiles(): FileStorage {
  const files = new Map<string, LocalFile>();
  return {
    get: async (key) => files.get(key) ?? null,
    set: async (key, file) => void files.set(key, file),
    remove: async (key) => void files.delete(key),
    keys: async (prefix) => [...files.keys()].filter((key) => key.startsWith(prefix)),
  };
}
