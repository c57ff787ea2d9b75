import { useTranslation } from "react-i18next";
import { CallLayer } from "./call/CallLayer";
import { useCallView } from "./call/view";
import { Sidebar } from "./chats/Sidebar";
import { useNotifications } from "./chats/useNotifications";
import { CheckScreen } from "./check/CheckScreen";
import { Conversation } from "./conversation/Conversation";
import { useConnection, useCurrentCall, useModel } from "./hooks";
import { JoinScreen } from "./join/JoinScreen";
import { PersonDialog } from "./mentions/PersonDialog";
import { useTwoPanes } from "./platform/media";
import { useRoute } from "./platform/router";
import { usePageTitle } from "./platform/title";
import { SettingsScreen } from "./settings/SettingsScreen";
import { ConnectionBanner } from "./ui/ConnectionBanner";
import { Empty } from "./ui/Empty";
import { Splash } from "./ui/Splash";

/** The app of somebody who is signed in: the chats on the left, what was chosen on the right; one at a time on phones. */
export function Shell() {
  const known = useModel((state) => state.me !== null);
  return known ? <Panes /> : <Waiting />;
}

function Panes() {
  const route = useRoute();
  const twoPanes = useTwoPanes();
  const atList = route.name === "home" || route.name === "login" || route.name === "register";
  const inCall = useCurrentCall() !== null;
  const covered = useCallView() === "full" && inCall; // nothing under the call takes the focus
  usePageTitle();
  useNotifications();

  return (
    <div className="flex h-dvh flex-col overflow-hidden bg-canvas text-ink">
      <ConnectionBanner />
      <div inert={covered} className="flex min-h-0 flex-1">
        {twoPanes && <Sidebar />}
        {!twoPanes && atList && (
          <main className="flex min-w-0 flex-1">
            <Sidebar />
          </main>
        )}
        {route.name === "chat" && <Conversation key={route.chatId} chatId={route.chatId} />}
        {route.name === "settings" && <SettingsScreen />}
        {route.name === "join" && <JoinScreen />}
        {route.name === "check" && <CheckScreen />}
        {atList && twoPanes && <Nothing />}
      </div>
      <CallLayer />
      <PersonDialog />
    </div>
  );
}

function Nothing() {
  const { t } = useTranslation();
  return (
    <main className="grid flex-1 place-items-center">
      <Empty icon="chat" title={t("chats.pick")} text={t("chats.pickText")} />
    </main>
  );
}

/** Signed in, but this device knows nothing yet: the first load runs, or the server cannot be reached. */
function Waiting() {
  const { status } = useConnection();
  return (
    <div className="flex h-dvh flex-col">
      {status === "offline" && <ConnectionBanner />}
      <div className="min-h-0 flex-1">
        <Splash />
      </div>
    </div>
  );
}
