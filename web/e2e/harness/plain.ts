import type { Page } from "playwright-core";

/**
 * A client as small as the protocol allows, such as a phone app might have: it answers the ring's own offer with one
 * audio and one video, or opens a leg with them. It runs in the page and shares no code with the SDK.
 */
export interface Plain {
  events: { event: string; data: Record<string, unknown> }[];
  request(event: string, data: unknown): Promise<Record<string, unknown>>;
  waitFor(event: string, ms?: number): Promise<Record<string, unknown>>;
  /** With a codec, the client knows no other for video; a mode is one of scalability, such as L3T3_KEY. */
  initiate(chatId: string, video?: { codec: string; mode?: string }): Promise<void>;
  answerRing(): Promise<void>;
  restartIce(chatId: string): Promise<void>;
}

/** Connects a plain client in the page as the owner of the token; it stands as window.plain from then on. */
export async function connectPlain(page: Page, url: string, token: string): Promise<void> {
  await page.goto(`${url}/login`); // any page of the server's own origin whose policy lets it open sockets
  await page.evaluate(installPlain, token);
}

/** Runs a step of the plain client. */
export function plain<T, A>(
  page: Page,
  step: (client: Plain, argument: A) => Promise<T> | T,
  argument: A,
): Promise<T> {
  return page.evaluate<T>(`(${step})(window.plain, ${JSON.stringify(argument)})`);
}

async function installPlain(token: string): Promise<void> {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`, [
    "confab.v1",
    `bearer.${token}`,
  ]);
  const events: Plain["events"] = [];
  const waiting = new Set<() => void>();
  const acks = new Map<number, (frame: { data?: unknown; error?: { code: string } }) => void>();
  let nextId = 1;
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.event === "ack") acks.get(frame.id)?.(frame);
    else events.push(frame);
    for (const wake of waiting) wake();
  };

  function request(event: string, data: unknown): Promise<Record<string, unknown>> {
    const id = nextId++;
    socket.send(JSON.stringify({ event, data, id }));
    return new Promise((resolve, reject) => {
      acks.set(id, ({ data, error }) =>
        error ? reject(new Error(error.code)) : resolve(data as Record<string, unknown>),
      );
    });
  }

  /** Takes the oldest event of that name out of the queue, waiting for it if need be. */
  function waitFor(event: string, ms = 15_000): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`no ${event}; there came ${events.map((e) => e.event).join(", ")}`));
      }, ms);
      const look = () => {
        const index = events.findIndex((e) => e.event === event);
        if (index < 0) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(events.splice(index, 1)[0]?.data ?? {});
      };
      waiting.add(look);
      look();
    });
  }

  let pc: RTCPeerConnection | undefined;
  async function open(): Promise<[RTCPeerConnection, MediaStream]> {
    const media = await navigator.mediaDevices.getUserMedia({
      audio: true,
      video: { width: 640, height: 360 },
    });
    pc = new RTCPeerConnection();
    pc.ontrack = ({ track }) => {
      const element = document.createElement(track.kind) as HTMLMediaElement;
      element.autoplay = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    };
    return [pc, media];
  }

  async function offer(
    connection: RTCPeerConnection,
    chatId: string,
    options?: RTCOfferOptions,
  ): Promise<void> {
    await connection.setLocalDescription(await connection.createOffer(options));
    const { type, sdp } = connection.localDescription as RTCSessionDescription;
    const answered = waitFor("call:answered");
    await request("call:initiate", { chatId, offer: { type, sdp }, media: { audio: true, video: true } });
    await connection.setRemoteDescription((await answered).answer as RTCSessionDescriptionInit);
  }

  async function initiate(chatId: string, video?: { codec: string; mode?: string }): Promise<void> {
    const [connection, media] = await open();
    for (const track of media.getTracks()) {
      if (track.kind === "audio" || !video) {
        connection.addTrack(track, media);
        continue;
      }
      // lib.dom does not know scalability modes yet.
      const encoding = (video.mode ? { scalabilityMode: video.mode } : {}) as RTCRtpEncodingParameters;
      const transceiver = connection.addTransceiver(track, { streams: [media], sendEncodings: [encoding] });
      const known = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
      transceiver.setCodecPreferences(
        known.filter(({ mimeType }) => [video.codec, "video/rtx"].includes(mimeType)),
      );
    }
    connection.onicecandidate = ({ candidate }) => {
      if (candidate) void request("call:ice-candidate", { chatId, candidate });
    };
    await offer(connection, chatId);
  }

  async function answerRing(): Promise<void> {
    const ring = await waitFor("call:offer");
    const [connection, media] = await open();
    await connection.setRemoteDescription(ring.offer as RTCSessionDescriptionInit);
    for (const track of media.getTracks()) connection.addTrack(track, media);
    await connection.setLocalDescription(await connection.createAnswer());
    const { type, sdp } = connection.localDescription as RTCSessionDescription;
    await request("call:answer", { chatId: ring.chatId, answer: { type, sdp } });
  }

  async function restartIce(chatId: string): Promise<void> {
    if (!pc) throw new Error("no call");
    await offer(pc, chatId, { iceRestart: true });
  }

  Object.assign(window, {
    plain: { events, request, waitFor, initiate, answerRing, restartIce } satisfies Plain,
  });
  await waitFor("ready");
}
