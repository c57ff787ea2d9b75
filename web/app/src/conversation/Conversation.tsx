import { type Chat, type Id, otherMember } from "@confab/sdk";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { DropZone } from "../attachments/DropZone";
import { Lightbox } from "../attachments/Lightbox";
import { client } from "../client";
import { useChat, useMe, useModel } from "../hooks";
import { PinnedBar } from "../pins/PinnedBar";
import { PinsPanel } from "../pins/PinsPanel";
import { useThreePanes } from "../platform/media";
import { navigate } from "../platform/router";
import { useKeys, withModifier } from "../platform/shortcuts";
import { ChatSearch } from "../search/ChatSearch";
import { SearchedFor } from "../search/SearchedFor";
import { SelectionBar } from "../selection/SelectionBar";
import { SelectionHeader } from "../selection/SelectionHeader";
import { useSelection } from "../selection/useSelection";
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
import { useComposerMode } from "./useComposerMode";

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

type Panel = "details" | "pins" | null;

function Loaded({ chat }: { chat: Chat }) {
  const { t } = useTranslation();
  const { mode, setMode, reply, edit, done } = useComposerMode(chat.id);
  const [open, setOpen] = useState<Panel>(null);
  const [searching, setSearching] = useState(false);
  const [searchedFor, setSearchedFor] = useState("");
  const threePanes = useThreePanes();
  const other = otherMember(chat, useMe().id);
  const blocked = useModel((state) => other !== undefined && state.blocked.has(other.userId));
  const selection = useSelection(chat);
  const selecting = selection.messages !== null;
  const close = () => setOpen(null);

  useKeys((event) => {
    if (event.key === "Escape" && selection.messages && !event.defaultPrevented) {
      event.preventDefault();
      selection.leave();
    }
    if (event.key.toLowerCase() !== "f" || !withModifier(event) || event.shiftKey) return;
    event.preventDefault();
    setSearching(true);
  });

  useEffect(() => {
    // A failure is kept in the timeline, which shows it with a way to try again.
    void client.messaging.open(chat.id).catch(() => undefined);
    return () => client.messaging.release(chat.id);
  }, [chat.id]);

  const panel =
    open === "details" ? (
      <Details chat={chat} onClose={close} />
    ) : (
      <PinsPanel chat={chat} onClose={close} onShow={() => !threePanes && close()} />
    );
  const toggleDetails = () => setOpen(open === "details" ? null : "details");

  return (
    <>
      <main className="relative flex min-w-0 flex-1 flex-col">
        {selecting ? (
          <SelectionHeader selection={selection} />
        ) : (
          <ConversationHeader
            chat={chat}
            detailsOpen={open === "details"}
            onDetails={toggleDetails}
            onSearch={() => setSearching(true)}
          />
        )}
        {searching && (
          <ChatSearch
            chat={chat}
            onQuery={setSearchedFor}
            onClose={() => {
              setSearching(false);
              setSearchedFor("");
            }}
          />
        )}
        <CallBar chat={chat} />
        <PlayerBar chatId={chat.id} />
        <PinnedBar chat={chat} onList={() => setOpen("pins")} />
        <SearchedFor value={searchedFor}>
          <MessageList chat={chat} onReply={reply} onEdit={edit} selection={selection} />
        </SearchedFor>
        {selecting && <SelectionBar chat={chat} selection={selection} />}
        {/* Only hidden: what is being written or recorded goes on. */}
        <div className={selecting ? "hidden" : "contents"}>
          {blocked ? (
            <BlockedNote chat={chat} />
          ) : (
            <Composer key={modeKey(mode)} chat={chat} mode={mode} onMode={setMode} onDone={done} />
          )}
        </div>
        {!blocked && <DropZone chat={chat} />}
        <Lightbox chat={chat} />
      </main>
      {threePanes
        ? open && (
            <aside className="w-[22rem] shrink-0 animate-fade border-l border-line bg-surface">{panel}</aside>
          )
        : open && (
            <SidePanel open onClose={close} title={open === "pins" ? t("pins.title") : t("chat.details")}>
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
