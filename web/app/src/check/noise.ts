/** Frames a second of the test picture. */
const rate = 24;

/** A picture that does not compress, so that what is sent is what the line bears. Stop it when it is not needed. */
export function noise(width: number, height: number): { track: MediaStreamTrack; stop: () => void } {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const grain = new ImageData(width, height);
  // getRandomValues takes 64 KB at a time; a picture is a few of those, shifted by a little in each frame.
  for (let at = 0; at < grain.data.length; at += 65_536) {
    crypto.getRandomValues(grain.data.subarray(at, at + 65_536));
  }
  for (let at = 3; at < grain.data.length; at += 4) grain.data[at] = 255;
  let frame = 0;
  const paint = () => {
    frame++;
    const x = (frame * 37) % width;
    const y = (frame * 53) % height;
    for (const dx of [x - width, x]) for (const dy of [y - height, y]) context?.putImageData(grain, dx, dy);
  };
  paint();
  const timer = setInterval(paint, 1000 / rate);
  const [track] = canvas.captureStream(rate).getVideoTracks();
  if (!track) throw new Error("the canvas gives no picture");
  return {
    track,
    stop: () => {
      clearInterval(timer);
      track.stop();
    },
  };
}
