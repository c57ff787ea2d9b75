/** The header extension that tells a decoder of AV1 which layer a packet belongs to (appendix A of the AV1 RTP specification). */
const uri = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

interface HeaderExtension {
  uri: string;
  direction: RTCRtpTransceiverDirection;
}

/** What lib.dom does not know yet (WebRTC Extensions, section 5.2). */
type Negotiating = RTCRtpTransceiver & {
  getHeaderExtensionsToNegotiate?(): HeaderExtension[];
  setHeaderExtensionsToNegotiate?(extensions: HeaderExtension[]): void;
};

/**
 * Has a receiving m-line offer the dependency descriptor, which Chromium only does when asked: without it, all that can be
 * sent of somebody's AV1 in layers is the smallest. Platforms that do not let one ask are left as they are.
 */
export function offerDescriptor(transceiver: Negotiating): void {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.();
  const descriptor = extensions?.find((extension) => extension.uri === uri);
  if (!extensions || !descriptor) return;
  descriptor.direction = "sendrecv";
  transceiver.setHeaderExtensionsToNegotiate?.(extensions);
}
