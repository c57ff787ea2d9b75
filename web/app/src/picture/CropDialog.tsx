import { type CSSProperties, type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/icons";
import { type Crop, dragged, mostZoom, sideOf, wholeOf, zoomed } from "./crop";
import { cutOut, type OpenPicture } from "./file";

/** The stage's side in CSS pixels: fits a phone of 320. */
const stage = 264;

/** How far an arrow key moves the picture, in CSS pixels. */
const keyStep = 12;

type CropDialogProps = {
  picture: OpenPicture;
  busy: boolean;
  onDone: (cut: Blob) => void;
  onFailed: (error: unknown) => void;
  onClose: () => void;
};

/** Chooses the part of a picture that becomes the avatar: dragged, pinched by a slider, or by the keyboard. */
export function CropDialog({ picture, busy, onDone, onFailed, onClose }: CropDialogProps) {
  const { t } = useTranslation();
  const [crop, setCrop] = useState<Crop>(() => wholeOf(picture));
  const held = useRef<{ x: number; y: number } | null>(null);
  const move = (x: number, y: number) => setCrop((crop) => dragged(picture, crop, { x, y }, stage));

  function onPointerDown(event: PointerEvent<HTMLElement>) {
    event.currentTarget.setPointerCapture(event.pointerId);
    held.current = { x: event.clientX, y: event.clientY };
  }

  function onPointerMove(event: PointerEvent<HTMLElement>) {
    const from = held.current;
    if (!from) return;
    held.current = { x: event.clientX, y: event.clientY };
    move(event.clientX - from.x, event.clientY - from.y);
  }

  function onKeyDown(event: KeyboardEvent) {
    const [x, y] = arrows[event.key] ?? [0, 0];
    if (x === 0 && y === 0) return;
    event.preventDefault();
    move(x * keyStep, y * keyStep);
  }

  const scale = stage / sideOf(picture, crop.zoom);
  const placed: CSSProperties = {
    width: picture.width * scale,
    height: picture.height * scale,
    left: stage / 2 - crop.x * scale,
    top: stage / 2 - crop.y * scale,
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title={t("picture.cropTitle")}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            look="primary"
            busy={busy}
            onClick={() => void cutOut(picture, crop).then(onDone, onFailed)}
          >
            {t("picture.use")}
          </Button>
        </>
      }
    >
      <div className="flex flex-col items-center gap-5 pt-2">
        <div
          role="img"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows move the picture
          tabIndex={0}
          aria-label={t("picture.cropLabel")}
          data-testid="crop-stage"
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={() => {
            held.current = null;
          }}
          onPointerCancel={() => {
            held.current = null;
          }}
          onWheel={(event) => setCrop((crop) => zoomed(picture, crop, crop.zoom - event.deltaY / 400))}
          onKeyDown={onKeyDown}
          className="relative cursor-grab touch-none overflow-hidden rounded-2xl bg-sunken select-none active:cursor-grabbing"
          style={{ width: stage, height: stage }}
        >
          <img src={picture.url} alt="" draggable={false} className="absolute max-w-none" style={placed} />
          <span className="pointer-events-none absolute inset-0 rounded-full shadow-[0_0_0_200px_rgb(0_0_0/0.5)] ring-2 ring-white/80" />
        </div>
        <label className="flex w-full max-w-[264px] items-center gap-3 text-ink-3">
          <Icon name="person" size={16} />
          <span className="sr-only">{t("picture.zoom")}</span>
          <input
            type="range"
            min={1}
            max={mostZoom}
            step={0.01}
            value={crop.zoom}
            onChange={(event) => setCrop(zoomed(picture, crop, Number(event.target.value)))}
            className="h-6 min-w-0 flex-1 accent-accent"
          />
          <Icon name="person" size={24} />
        </label>
        <p className="text-center text-[14px] text-ink-3">{t("picture.cropHint")}</p>
      </div>
    </Dialog>
  );
}

/** The picture goes where the arrow points. */
const arrows: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
