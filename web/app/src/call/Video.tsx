import { useEffect, useRef, useState } from "react";
import { cx } from "../ui/classes";

/** A picture without sound: sound has its own elements (CallAudio). It starts before anybody touched the page. */
export function Video({
  stream,
  mirrored,
  whole,
  aspect,
}: {
  stream: MediaStream;
  mirrored?: boolean;
  /** Nothing may be cut off: text is read on a shared screen. */
  whole?: boolean;
  /** Width to height of the place it fills; undefined: it is small, and filling it is what counts. */
  aspect: number | undefined;
}) {
  const element = useRef<HTMLVideoElement>(null);
  const [picture, setPicture] = useState(0);

  useEffect(() => {
    const video = element.current;
    if (!video) return;
    video.srcObject = stream;
    // Interrupted by the next stream, or by a page in the background: `autoplay` takes it up again.
    video.play().catch(() => undefined);
    return () => {
      video.srcObject = null;
    };
  }, [stream]);

  // A phone held upright in a wide tile would lose head and chin: such a picture is shown whole.
  const turned = aspect !== undefined && picture > 0 && Math.max(picture / aspect, aspect / picture) > 1.9;
  return (
    <video
      ref={element}
      autoPlay
      playsInline
      muted
      onResize={(event) => setPicture(event.currentTarget.videoWidth / event.currentTarget.videoHeight)}
      className={cx(
        "size-full",
        whole || turned ? "object-contain" : "object-cover",
        mirrored && "-scale-x-100",
      )}
    />
  );
}
