import { type Chat, type Id, type Message, otherMember } from "@confab/sdk";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { DropZone } from "../attachments/DropZone";
import { Lightbox } from "../attachments/Lightbox";
import { client } from "../client";
import { useChat, useMe, useModel } from "../hooks";
import { useThreePanes } from "../platform/media";
import { navigate } from "../platform/router";
import { Button } from "../ui/Button";
import { SidePanel } from "../ui/Dialog";
import { Empty } from "../ui/Empty";
import { PlayerBar } from "../voice/PlayerBar";
import { CallBar } from "./CallBar";
import { Composer, type ComposerMode } from "./Composer";
import { ConversationHeader } from "./ConversationHeader";
import { Details } from "./details/Details";
import { MessageList } from "./MessageList";
import { MessagesSkeleton } from "./Older";
import { BlockedNote } from "./own/BlockedNote";

/** One chat: its messages, where one writes, and on demand its details. Mounted anew for each chat (key). */
export function Conversation({ chatId }: { chatId: Id }) {
  const { t } = useTranslation();
  const chat = useChat(chatId);
  const loading = useModel((state) => state.phase !== "ready");
  if (chat) return <Loaded chat={chat} />;
  return (
    <main className="flex min-w-0 flex-1 flex-col">
      {loading ? (
        <MessagesSkeleton />
      ) : (
        <div className="grid flex-1 place-items-center">
          <Empty icon="search" title={t("message.notFound")} text={t("message.notFoundText")}>
            <Button look="primary" onClick={() => navigate({ name: "home" }, { replace: true })}>
              {t("message.toChats")}
            </Button>
          </Empty>
        </div>
      )}
    </main>
  );
}

const writing: ComposerMode = { kind: "new" };

function Loaded({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const [mode, setMode] = useState<ComposerMode>(writing);
  const [details, setDetails] = useState(false);
  const threePanes = useThreePanes();
  const other = otherMember(chat, useMe().id);
  const blocked = useModel((state) => other !== undefined && state.blocked.has(other.userId));

  useEffect(() => {
    // A failure is kept in the timeline, which shows it with a way to try again.
    void client.messaging.open(chat.id).catch(() => undefined);
    return () => client.messaging.release(chat.id);
  }, [chat.id]);

  const reply = useCallback((message: Message) => setMode({ kind: "reply", message }), []);
  const edit = useCallback((message: Message) => setMode({ kind: "edit", message }), []);
  const panel = <Details chat={chat} onClose={() => setDetails(false)} />;

  return (
    <>
      <main className="relative flex min-w-0 flex-1 flex-col">
        <ConversationHeader chat={chat} detailsOpen={details} onDetails={() => setDetails(!details)} />
        <CallBar chat={chat} />
        <PlayerBar chatId={chat.id} />
        <MessageList chat={chat} onReply={reply} onEdit={edit} />
        {blocked ? (
          <BlockedNote chat={chat} />
        ) : (
          <Composer
            key={modeKey(mode)}
            chat={chat}
            mode={mode}
            onMode={setMode}
            onDone={() => setMode(writing)}
          />
        )}
        {!blocked && <DropZone chat={chat} />}
        <Lightbox chat={chat} />
      </main>
      {threePanes
        ? details && (
            <aside className="w-[22rem] shrink-0 animate-fade border-l border-line bg-surface">{panel}</aside>
          )
        : details && (
            <SidePanel open onClose={() => setDetails(false)} title={t("chat.details")}>
              {panel}
            </SidePanel>
          )}
    </>
  );
}

/** Editing starts with the message's own text; a reply goes on with what was being written. */
function modeKey(mode: ComposerMode): string {
  return mode.kind === "edit" ? mode.message.id : "new";
}
