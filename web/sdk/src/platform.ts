import { browserFiles } from "./files/browser.ts";
import type { LocalFile } from "./files/local.ts";
import { type UploadAnswer, type UploadRequest, xhrUpload } from "./files/xhr.ts";

/**
 * The seams to the world: everything the SDK needs of a browser (or of React Native) comes in through a Platform, and
 * this file, files/browser.ts and files/xhr.ts alone know the browser's globals.
 */

/** Keeps strings between runs: localStorage, AsyncStorage, a keychain. */
export interface KeyValueStorage {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** All keys that start with `prefix`. */
  keys(prefix: string): Promise<string[]>;
  /** Tells of changes that other tabs made, where there are tabs. Returns how to stop. */
  watch?(listener: (key: string) => void): () => void;
}

/** Keeps files between runs until they are sent: IndexedDB, or a folder of the app. */
export interface FileStorage {
  get(key: string): Promise<LocalFile | null>;
  set(key: string, file: LocalFile): Promise<void>;
  remove(key: string): Promise<void>;
  /** All keys that start with `prefix`. */
  keys(prefix: string): Promise<string[]>;
}

/** What the SDK uses of a WebSocket. */
export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: unknown) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** The WebRTC constructors and device access; absent where there are none: then there are no calls. */
export interface WebRTCPlatform {
  createPeerConnection(configuration: RTCConfiguration): RTCPeerConnection;
  createStream(tracks: MediaStreamTrack[]): MediaStream;
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  getDisplayMedia?(options: DisplayMediaStreamOptions): Promise<MediaStream>;
  enumerateDevices(): Promise<MediaDeviceInfo[]>;
  /** What this device can receive, for `setCodecPreferences`. */
  codecs?(kind: "audio" | "video"): RTCRtpCodec[];
  /** Tells when devices come and go. Returns how to stop. */
  watchDevices?(listener: () => void): () => void;
}

export interface Platform {
  readonly storage: KeyValueStorage;
  /** Keeps files that wait to be sent. */
  readonly files: FileStorage;
  /** Sends a form with a file, telling how far it has come, which fetch cannot. `xhrUpload` fits wherever there is XMLHttpRequest. */
  upload(request: UploadRequest): Promise<UploadAnswer>;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  createSocket(url: string, protocols: string[]): SocketLike;
  readonly webrtc: WebRTCPlatform | null;
  /** Milliseconds since 1970. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** A fresh UUID. */
  uuid(): string;
  /** Runs `task` while no other tab runs one of the same name (Web Locks); alone in this process, simply runs it. */
  exclusive<T>(name: string, task: () => Promise<T>): Promise<T>;
  /** Device pixels per CSS pixel (or per dp). */
  pixelRatio(): number;
  /** False only where the device is known to have no network. */
  online(): boolean;
  /** Tells when the network came back, went, or changed, and when the app came to the front. Returns how to stop. */
  watchReachability(listener: (change: ReachabilityChange) => void): () => void;
}

export type ReachabilityChange = "online" | "offline" | "network-changed" | "visible";

/** The browser's own parts. */
export function browserPlatform(): Platform {
  return {
    storage: browserStorage(),
    files: browserFiles(),
    upload: xhrUpload,
    fetch: (url, init) => fetch(url, init),
    createSocket: (url, protocols) => new WebSocket(url, protocols) as SocketLike,
    webrtc: browserWebRTC(),
    now: () => Date.now(),
    random: () => Math.random(),
    uuid: browserUUID,
    exclusive: (name, task) =>
      typeof navigator !== "undefined" && navigator.locks
        ? (navigator.locks.request(name, task) as ReturnType<typeof task>)
        : task(),
    pixelRatio: () => (typeof window === "undefined" ? 1 : window.devicePixelRatio || 1),
    online: () => typeof navigator === "undefined" || navigator.onLine !== false,
    watchReachability: watchBrowserReachability,
  };
}

/** Where localStorage is missing or refused (private windows), things last as long as the page. */
function browserStorage(): KeyValueStorage {
  let local: Storage;
  try {
    local = window.localStorage;
    local.getItem("confab");
  } catch {
    return memoryStorage();
  }
  return {
    get: async (key) => local.getItem(key),
    set: async (key, value) => local.setItem(key, value),
    remove: async (key) => local.removeItem(key),
    keys: async (prefix) => Object.keys(local).filter((key) => key.startsWith(prefix)),
    watch: (listener) => {
      const heard = (event: StorageEvent) => {
        if (event.key !== null) listener(event.key);
      };
      window.addEventListener("storage", heard);
      return () => window.removeEventListener("storage", heard);
    },
  };
}

/** A storage that forgets with the process: for tests and where nothing may be kept. */
export function memoryStorage(): KeyValueStorage {
  const values = new Map<string, string>();
  return {
    get: async (key) => values.get(key) ?? null,
    set: async (key, value) => void values.set(key, value),
    remove: async (key) => void values.delete(key),
    keys: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
  };
}

function browserWebRTC(): WebRTCPlatform | null {
  if (typeof RTCPeerConnection === "undefined" || typeof navigator === "undefined") return null;
  // navigator.mediaDevices is missing on pages that are neither https nor localhost: one can still listen there.
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  const insecure = () => Promise.reject(new DOMException("needs https or localhost", "NotSupportedError"));
  return {
    createPeerConnection: (configuration) => new RTCPeerConnection(configuration),
    createStream: (tracks) => new MediaStream(tracks),
    getUserMedia: (constraints) => devices?.getUserMedia(constraints) ?? insecure(),
    ...(devices && "getDisplayMedia" in devices
      ? { getDisplayMedia: (options: DisplayMediaStreamOptions) => devices.getDisplayMedia(options) }
      : {}),
    enumerateDevices: () => devices?.enumerateDevices() ?? Promise.resolve([]),
    codecs: (kind) => RTCRtpReceiver.getCapabilities?.(kind)?.codecs ?? [],
    watchDevices: (listener) => {
      devices?.addEventListener("devicechange", listener);
      return () => devices?.removeEventListener("devicechange", listener);
    },
  };
}

/** crypto.randomUUID exists on secure pages only; getRandomValues everywhere. */
function browserUUID(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The Network Information API, where it exists (Chromium), tells of a change of network without a gap. */
function watchBrowserReachability(listener: (change: ReachabilityChange) => void): () => void {
  const online = () => listener("online");
  const offline = () => listener("offline");
  const visible = () => {
    if (document.visibilityState === "visible") listener("visible");
  };
  const changed = () => listener("network-changed");
  const connection = (navigator as Navigator & { connection?: EventTarget }).connection;
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  document.addEventListener("visibilitychange", visible);
  connection?.addEventListener("change", changed);
  return () => {
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
    document.removeEventListener("visibilitychange", visible);
    connection?.removeEventListener("change", changed);
  };
}
