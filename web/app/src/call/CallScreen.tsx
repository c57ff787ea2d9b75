import type { CallState, Chat } from "@confab/sdk";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { titleOf } from "../chats/preview";
import { client } from "../client";
import { useMe } from "../hooks";
import { isTyping, useKeys } from "../platform/shortcuts";
import { control } from "./actions";
import { CallEnded } from "./CallEnded";
import { CallTop } from "./CallTop";
import { Controls } from "./Controls";
import { DeviceTrouble } from "./DeviceTrouble";
import { FlyingReactions } from "./FlyingReactions";
import { PeoplePanel } from "./PeoplePanel";
import { Stage } from "./Stage";
import { Waiting } from "./Waiting";

/** The call over everything. It is dark in both themes, so that the pictures are what one sees. */
export function CallScreen({
  call,
  chat,
  since,
}: {
  call: CallState;
  chat: Chat | undefined;
  since: number | null;
}) {
  const { t } = useTranslation();
  const me = useMe();
  const [people, setPeople] = useState(false);
  const root = useRef<HTMLElement>(null);
  const title = chat ? titleOf(t, chat, me.id) : "";
  const alone = call.participants.length === 0;

  useEffect(() => root.current?.focus({ preventScroll: true }), []);
  useCallKeys(call);

  return (
    <section
      ref={root}
      data-theme="dark"
      aria-label={t("call.title", { name: title })}
      tabIndex={-1}
      className="fixed inset-0 z-40 flex animate-fade flex-col bg-[#090d0e] text-ink focus-visible:outline-none"
    >
      <CallTop
        call={call}
        title={title}
        since={since}
        peopleOpen={people}
        onPeople={() => setPeople(!people)}
      />
      {call.phase === "ended" ? (
        <CallEnded call={call} title={title} chat={chat} since={since} />
      ) : (
        <>
          <div className="flex min-h-0 flex-1">
            <div className="relative min-w-0 flex-1">
              <Stage call={call} />
              {alone && <Waiting call={call} chat={chat} title={title} />}
              <FlyingReactions call={call} />
              <DeviceTrouble call={call} />
            </div>
            {people && <PeoplePanel call={call} chat={chat} onClose={() => setPeople(false)} />}
          </div>
          <Controls call={call} chat={chat} onPeople={() => setPeople(!people)} />
        </>
      )}
    </section>
  );
}

/** M, V and H while nothing is being typed and no menu is open. */
function useCallKeys(call: CallState): void {
  const { t } = useTranslation();
  useKeys((event) => {
    if (call.phase === "ended" || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event) || document.querySelector("[role=menu], [role=dialog], [role=alertdialog]")) return;
    // By place on the keyboard, so that they work in a Russian layout too.
    if (event.code === "KeyM") control(t, client.calls.setMicrophone(!call.local.microphone.on));
    else if (event.code === "KeyV") control(t, client.calls.setCamera(!call.local.camera.on));
    else if (event.code === "KeyH") control(t, client.calls.raiseHand(!call.hand));
    else return;
    event.preventDefault();
  });
}
