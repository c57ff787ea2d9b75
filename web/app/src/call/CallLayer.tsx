import { useEffect } from "react";
import { useCalls, useCurrentCall, useModel } from "../hooks";
import { CallAnnouncer } from "./CallAnnouncer";
import { CallAudio } from "./CallAudio";
import { CallScreen } from "./CallScreen";
import { IncomingCalls } from "./IncomingCalls";
import { useRejoin } from "./rejoin";
import { SmallCall } from "./SmallCall";
import { useTalkingSince } from "./talkingSince";
import { useRinging } from "./useRinging";
import { openCall, useCallView } from "./view";

/** Everything about calls that lies over the chats. */
export function CallLayer() {
  const incoming = useCalls((state) => state.incoming);
  const call = useCurrentCall();
  const view = useCallView();
  const chat = useModel((state) => state.chats.find((each) => each.id === call?.chatId));
  const since = useTalkingSince(call, chat);
  useRejoin();
  useRinging(incoming.length > 0 && !call, call?.phase === "ringing");

  // The next call opens large, whatever became of this one.
  const none = call === null;
  useEffect(() => {
    if (none) openCall();
  }, [none]);

  return (
    <>
      {call && view === "full" && <CallScreen call={call} chat={chat} since={since} />}
      {call && view === "small" && <SmallCall call={call} chat={chat} since={since} />}
      {call && <CallAudio streams={call.audioStreams} />}
      {call && <CallAnnouncer call={call} />}
      <IncomingCalls calls={incoming} busy={call !== null && call.phase !== "ended"} />
    </>
  );
}
