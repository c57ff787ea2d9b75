import type { WebRTCPlatform } from "../platform.ts";

/** A sender of simulcast layers that takes new parameters when the test wants, and one change at a time. */
export class TestSender {
  /** Refuses new parameters. */
  busy = false;
  /** How long it takes to take or refuse them, in ms. */
  takes = 0;
  writes = 0;
  /** New parameters came while others were on their way. */
  overlapped = false;
  #writing = false;
  #encodings: RTCRtpEncodingParameters[];
  /** What was read last: parameters that were read before anything else happened are refused, as browsers do. */
  #transaction = 0;

  constructor(encodings: readonly RTCRtpEncodingParameters[]) {
    this.#encodings = encodings.map((encoding) => ({ ...encoding, active: true }));
  }

  get active(): string[] {
    return this.#encodings.flatMap(({ rid, active }) => (active && rid !== undefined ? [rid] : []));
  }

  get encodings(): readonly RTCRtpEncodingParameters[] {
    return this.#encodings;
  }

  /** All layers are on again, as a platform may have it after it has changed something else. */
  reset(): void {
    this.#transaction++;
    this.#encodings = this.#encodings.map((encoding) => ({ ...encoding, active: true }));
  }

  getParameters(): RTCRtpSendParameters {
    const transactionId = String(++this.#transaction);
    const encodings = this.#encodings.map((encoding) => ({ ...encoding }));
    return { transactionId, encodings, codecs: [], headerExtensions: [], rtcp: {} };
  }

  async setParameters({ transactionId, encodings }: RTCRtpSendParameters): Promise<void> {
    this.writes++;
    this.overlapped ||= this.#writing;
    this.#writing = true;
    await new Promise((resolve) => setTimeout(resolve, this.takes));
    this.#writing = false;
    if (this.busy || transactionId !== String(this.#transaction)) {
      throw new DOMException("not now", "InvalidStateError");
    }
    this.#transaction++;
    this.#encodings = encodings;
  }

  async replaceTrack(): Promise<void> {
    this.reset();
  }
}

interface TestTransceiver {
  mid: string | null;
  sender: TestSender;
  receiver: { track: object };
}

/** A peer connection that negotiates with anybody, and turns all layers on whenever it has. */
export class TestPeer {
  signalingState = "stable";
  connectionState = "new";
  iceConnectionState = "new";
  onconnectionstatechange: (() => void) | null = null;
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  readonly transceivers: TestTransceiver[] = [];
  #offers = 0;

  /** Its offers are "name 1", "name 2" and so on. */
  constructor(readonly name = "peer") {}

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  addTransceiver(_kind: unknown, { sendEncodings = [] }: RTCRtpTransceiverInit): TestTransceiver {
    const sender = new TestSender(sendEncodings);
    const transceiver = { mid: null, sender, receiver: { track: {} } };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  async createOffer(): Promise<RTCSessionDescriptionInit> {
    return { type: "offer", sdp: `${this.name} ${++this.#offers}` };
  }

  async setLocalDescription(offer: RTCSessionDescriptionInit): Promise<void> {
    this.localDescription = offer;
    this.signalingState = "have-local-offer";
    for (const [i, transceiver] of this.transceivers.entries()) transceiver.mid = String(i);
  }

  async setRemoteDescription(answer: RTCSessionDescriptionInit): Promise<void> {
    this.remoteDescription = answer;
    this.signalingState = "stable";
    for (const { sender } of this.transceivers) sender.reset();
  }

  close(): void {}
}

/** WebRTC whose only peer connection is this one, without devices. */
export function webrtcOf(peer: TestPeer): WebRTCPlatform {
  const none = () => Promise.reject(new DOMException("no devices", "NotFoundError"));
  return {
    createPeerConnection: () => peer as unknown as RTCPeerConnection,
    createStream: (tracks) => tracks as unknown as MediaStream,
    getUserMedia: none,
    enumerateDevices: async () => [],
  };
}
