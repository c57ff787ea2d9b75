import { judgeDevice, judgeLevel } from "./judge";
import type { Finding } from "./steps";

/** How long the microphone is listened to, in ms: time to say a word. */
const listenFor = 3500;

/** Opens the camera for a moment. `show` gets the picture while it runs, and null when it is over. */
export async function tryCamera(
  show: (stream: MediaStream | null) => void,
  signal: AbortSignal,
): Promise<Finding> {
  let stream: MediaStream | undefined;
  try {
    stream = await devices().getUserMedia({ video: { width: { ideal: 1280 }, height: { ideal: 720 } } });
    show(stream);
    const [track] = stream.getVideoTracks();
    await pause(1500, signal);
    const { width, height } = track?.getSettings() ?? {};
    const size = `${width ?? "?"} × ${height ?? "?"}`;
    return { state: "ok", text: "check.cameraOk", values: { device: track?.label ?? "", size } };
  } catch (error) {
    return judgeDevice(error);
  } finally {
    show(null);
    for (const track of stream?.getTracks() ?? []) track.stop();
  }
}

/** Listens to the microphone. `level` (0 to 1) is told as it goes. */
export async function tryMicrophone(level: (value: number) => void, signal: AbortSignal): Promise<Finding> {
  let stream: MediaStream | undefined;
  let context: AudioContext | undefined;
  try {
    stream = await devices().getUserMedia({ audio: true });
    context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let peak = 0;
    for (const end = performance.now() + listenFor; performance.now() < end; ) {
      await pause(60, signal);
      analyser.getFloatTimeDomainData(samples);
      const loudness = Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
      peak = Math.max(peak, loudness);
      level(Math.min(1, loudness * 4));
    }
    return judgeLevel(peak, stream.getAudioTracks()[0]?.label ?? "");
  } catch (error) {
    return judgeDevice(error);
  } finally {
    level(0);
    void context?.close();
    for (const track of stream?.getTracks() ?? []) track.stop();
  }
}

function devices(): MediaDevices {
  // Missing on pages that are neither https nor localhost.
  if (!navigator.mediaDevices) throw new DOMException("needs https", "SecurityError");
  return navigator.mediaDevices;
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("given up", "AbortError"));
    });
  });
}
