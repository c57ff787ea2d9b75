import { isMuted } from "@confab/sdk";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { titleOf } from "../chats/preview";
import { useCalls, useMe, useModel } from "../hooks";
import { useRoute } from "./router";

/** How often the title changes while a call rings, in ms. */
const flashEvery = 1000;

/** Keeps the page's title: unread messages, the open chat, and a ringing call that wants to be noticed in a tab. */
export function usePageTitle(): void {
  const { t } = useTranslation();
  const route = useRoute();
  const me = useMe();
  const unread = useModel((state) =>
    state.chats.reduce((sum, chat) => sum + (isMuted(chat, Date.now()) ? 0 : chat.unreadCount), 0),
  );
  const openId = route.name === "chat" ? route.chatId : undefined;
  const open = useModel((state) => state.chats.find((chat) => chat.id === openId));
  const ringing = useCalls((state) => state.incoming.length > 0);

  const places = { settings: t("settings.title"), check: t("check.title"), join: t("join.title") };
  const place =
    route.name in places
      ? places[route.name as keyof typeof places]
      : open
        ? titleOf(t, open, me.id)
        : undefined;
  const title = `${unread > 0 ? `(${unread}) ` : ""}${place ? `${place} · ` : ""}Confab`;
  const alarm = `📞 ${t("call.incomingAudio")}`;

  useEffect(() => {
    document.title = title;
    if (!ringing) return;
    let flash = false;
    const timer = setInterval(() => {
      flash = !flash;
      document.title = flash ? alarm : title;
    }, flashEvery);
    return () => {
      clearInterval(timer);
      document.title = title;
    };
  }, [title, ringing, alarm]);
}
