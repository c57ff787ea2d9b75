import type { Chat } from "@confab/sdk";
import { Dialog as Primitive, VisuallyHidden } from "radix-ui";
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { nameOf } from "../chats/preview";
import { useMe, useTimeline } from "../hooks";
import { moment } from "../i18n/format";
import { IconButton } from "../ui/Button";
import { cx } from "../ui/classes";
import { useReturnFocus } from "../ui/useReturnFocus";
import { closeGallery, type GalleryItem, galleryOf, type Shown, show, useShown } from "./gallery";
import { lookOf } from "./kinds";
import { rememberedPreview } from "./previews";
import { download, useLink } from "./useLink";
import { useZoom } from "./useZoom";

/** The viewer of a chat's pictures and videos, over everything. */
export function Lightbox({ chat }: { chat: Chat }) {
  const shown = useShown();
  useEffect(() => closeGallery, []);
  return shown?.chatId === chat.id ? <Open chat={chat} shown={shown} /> : null;
}

const glass =
  "!rounded-full bg-black/45 !text-white ring-1 ring-white/20 backdrop-blur-sm hover:!bg-white/25";

function Open({ chat, shown }: { chat: Chat; shown: Shown }) {
  const { t, i18n } = useTranslation();
  const me = useMe();
  const messages = useTimeline(chat.id)?.messages;
  const items = useMemo(() => galleryOf(messages ?? []), [messages]);
  const at = items.findIndex((each) => each.attachment.id === shown.attachmentId);
  const item = items[at];
  const onCloseAutoFocus = useReturnFocus(true);

  useEffect(() => {
    if (!item) closeGallery(); // it was deleted
  }, [item]);

  function turn(by: number) {
    const next = items[at + by];
    if (next) show({ chatId: chat.id, messageId: next.message.id, attachmentId: next.attachment.id });
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.target instanceof HTMLVideoElement && event.key !== "Escape") return;
    if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === "ArrowRight") turn(1);
    else return;
    event.preventDefault();
  }

  if (!item) return null;
  const { message, attachment } = item;
  return (
    <Primitive.Root open onOpenChange={(open) => !open && closeGallery()}>
      <Primitive.Portal>
        <Primitive.Content
          data-theme="dark"
          data-testid="lightbox"
          aria-describedby={undefined}
          onKeyDown={onKeyDown}
          onCloseAutoFocus={onCloseAutoFocus}
          className="fixed inset-0 z-[60] flex animate-fade flex-col bg-black text-white focus:outline-none"
        >
          <VisuallyHidden.Root>
            <Primitive.Title>{t("files.viewer")}</Primitive.Title>
          </VisuallyHidden.Root>
          <Item
            key={attachment.id}
            item={item}
            onSwipe={(meaning) => (meaning === "close" ? closeGallery() : turn(meaning === "next" ? 1 : -1))}
          />
          <header className="pointer-events-none absolute inset-x-0 top-0 flex items-start gap-3 bg-gradient-to-b from-black/70 to-transparent p-3 pb-10 [&>*]:pointer-events-auto">
            <p className="min-w-0 flex-1 px-1 pt-1 leading-snug">
              <bdi className="block truncate font-semibold">{nameOf(t, chat, message.userId, me.id)}</bdi>
              <span className="block truncate text-[13px] text-white/75">
                {moment(t, i18n.language, message.createdAt)}
                {items.length > 1 &&
                  ` · ${t("files.position", { at: String(at + 1), of: String(items.length) })}`}
              </span>
            </p>
            <IconButton
              icon="download"
              label={t("files.download", { name: attachment.name })}
              tip={false}
              className={glass}
              onClick={() => void download(message, attachment)}
            />
            <IconButton
              icon="close"
              label={t("common.close")}
              tip={false}
              className={glass}
              onClick={closeGallery}
            />
          </header>
          {message.content && (
            <p className="pointer-events-none absolute inset-x-0 bottom-0 max-h-[30%] overflow-hidden bg-gradient-to-t from-black/80 to-transparent px-6 pt-10 pad-safe-bottom-4 text-center whitespace-pre-wrap">
              {message.content}
            </p>
          )}
          {at > 0 && (
            <IconButton
              icon="back"
              size="lg"
              label={t("files.previous")}
              tip={false}
              className={cx(glass, "absolute top-1/2 left-3 -translate-y-1/2 touch:hidden")}
              onClick={() => turn(-1)}
            />
          )}
          {at < items.length - 1 && (
            <IconButton
              icon="back"
              size="lg"
              label={t("files.next")}
              tip={false}
              className={cx(glass, "absolute top-1/2 right-3 -translate-y-1/2 -scale-x-100 touch:hidden")}
              onClick={() => turn(1)}
            />
          )}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

function Item({
  item,
  onSwipe,
}: {
  item: GalleryItem;
  onSwipe: (meaning: "next" | "previous" | "close") => void;
}) {
  const { t } = useTranslation();
  const { message, attachment } = item;
  const { url, broken, onError } = useLink(message, attachment);
  const { stage, picture, view, swiping, zoomIn, zoomOut, handlers } = useZoom(onSwipe);
  const [loaded, setLoaded] = useState(false);
  const { width = 1280, height = 720 } = attachment;
  const small =
    rememberedPreview(message.clientId, message.attachments.indexOf(attachment)) ?? `${url}&size=thumb`;

  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "+" || event.key === "=") zoomIn();
      if (event.key === "-") zoomOut();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });

  if (broken) return <p className="grid flex-1 place-items-center text-white/75">{t("files.broken")}</p>;
  if (lookOf(attachment) === "video") {
    return (
      // biome-ignore lint/a11y/useMediaCaption: people's own videos come without captions
      <video
        src={url}
        controls
        autoPlay
        playsInline
        aria-label={attachment.name}
        onError={() => void onError()}
        className="min-h-0 flex-1 pt-16"
      />
    );
  }
  return (
    <div
      ref={stage}
      data-scale={view.scale.toFixed(2)}
      className={cx(
        "grid min-h-0 flex-1 touch-none place-items-center overflow-hidden select-none",
        view.scale > 1 ? "cursor-grab active:cursor-grabbing" : "cursor-zoom-in",
      )}
      {...handlers}
    >
      <img
        ref={picture}
        src={url}
        alt={attachment.name}
        draggable={false}
        onLoad={() => setLoaded(true)}
        onError={() => void onError()}
        style={{
          aspectRatio: width / height,
          width: `min(100vw, ${width}px, calc(100dvh * ${width / height}))`,
          transform: `translate(${view.x + swiping.x}px, ${view.y + swiping.y}px) scale(${view.scale})`,
          ...(loaded ? {} : { backgroundImage: `url("${small}")` }),
        }}
        className="max-h-full max-w-full bg-cover bg-center"
      />
    </div>
  );
}
