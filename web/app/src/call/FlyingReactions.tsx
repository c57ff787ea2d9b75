import type { CallState, Id } from "@confab/sdk";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";

type Flight = { id: number; emoji: string; participantId: Id /** Per cent of the width. */; left: number };

/** Longer than the flight lasts in index.css (float-up), in ms. */
const airtime = 3400;

/** As many as are seen apart; the oldest land early. */
const limit = 24;

let nextId = 1;

export function FlyingReactions({ call }: { call: CallState }) {
  const { t } = useTranslation();
  const [flights, setFlights] = useState<readonly Flight[]>([]);

  useEffect(() => {
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const stop = client.calls.onReaction(({ participantId, emoji }) => {
      const flight = { id: nextId++, emoji, participantId, left: 12 + Math.random() * 70 };
      setFlights((before) => [...before, flight].slice(-limit));
      const timer = setTimeout(() => {
        timers.delete(timer);
        setFlights((before) => before.filter((other) => other !== flight));
      }, airtime);
      timers.add(timer);
    });
    return () => {
      stop();
      for (const timer of timers) clearTimeout(timer);
    };
  }, []);

  const nameOf = (id: Id) =>
    call.participants.find((participant) => participant.id === id)?.displayName ?? t("common.you");
  return (
    <div aria-hidden="true" className="pointer-events-none absolute inset-0 z-10 overflow-hidden">
      {flights.map((flight) => (
        <span
          key={flight.id}
          className="absolute bottom-6 flex animate-float-up flex-col items-center gap-1"
          style={{ left: `${flight.left}%` }}
        >
          <span className="text-[44px] leading-none drop-shadow-lg">{flight.emoji}</span>
          <span className="max-w-32 truncate rounded-full bg-black/60 px-2 py-0.5 text-[12px] text-white">
            {nameOf(flight.participantId)}
          </span>
        </span>
      ))}
    </div>
  );
}
