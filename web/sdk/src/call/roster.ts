import type { LinkQuality, Slot, TrackSource, WireParticipant } from "../events.ts";
import type { Id } from "../types.ts";
import type { CallParticipant } from "./state.ts";

/** Above this loudness somebody counts as speaking: a quiet voice does, a keyboard mostly does not. */
const speakingLevel = 0.15;

/** What is known of a call's people, from its several events. */
export interface Roster {
  readonly people: ReadonlyMap<Id, WireParticipant>;
  readonly slots: readonly Slot[];
  readonly levels: ReadonlyMap<Id, number>;
  readonly scores: ReadonlyMap<Id, number>;
}

export const emptyRoster: Roster = { people: new Map(), slots: [], levels: new Map(), scores: new Map() };

export function withPeople(roster: Roster, people: readonly WireParticipant[]): Roster {
  return { ...roster, people: new Map(people.map((person) => [person.id, person])) };
}

export function withPerson(roster: Roster, person: WireParticipant, left: boolean): Roster {
  const people = new Map(roster.people);
  if (left) people.delete(person.id);
  else people.set(person.id, person);
  return { ...roster, people };
}

export function withMute(roster: Roster, id: Id, source: TrackSource, muted: boolean): Roster {
  const person = roster.people.get(id);
  if (!person) return roster;
  const tracks = person.tracks.map((track) => (track.source === source ? { ...track, muted } : track));
  return withPerson(roster, { ...person, tracks }, false);
}

export function withHand(roster: Roster, id: Id, hand: boolean): Roster {
  const person = roster.people.get(id);
  return person ? withPerson(roster, { ...person, hand }, false) : roster;
}

/** Who is not in the list is silent. */
export function withSpeakers(roster: Roster, speakers: readonly { id: Id; level: number }[]): Roster {
  return { ...roster, levels: new Map(speakers.map(({ id, level }) => [id, level])) };
}

export function withScores(roster: Roster, scores: readonly { id: Id; score: number }[]): Roster {
  return {
    ...roster,
    scores: new Map([...roster.scores, ...scores.map(({ id, score }) => [id, score] as const)]),
  };
}

/**
 * The others as the app shows them, in the order of joining. Those for whom nothing changed keep their object from
 * `before`, so that only the tiles that changed are drawn again.
 */
export function participantsOf(
  roster: Roster,
  self: Id | null,
  streams: ReadonlyMap<string, MediaStream>,
  before: readonly CallParticipant[],
): readonly CallParticipant[] {
  const known = new Map(before.map((participant) => [participant.id, participant]));
  const after = [...roster.people.values()]
    .filter((person) => person.id !== self)
    .sort((a, b) => (a.joinedAt < b.joinedAt ? -1 : a.joinedAt > b.joinedAt ? 1 : a.id < b.id ? -1 : 1))
    .map((person) => {
      const participant = participantOf(roster, person, streams);
      const present = known.get(person.id);
      return present && sameFields(present, participant) ? present : participant;
    });
  return after.length === before.length && after.every((p, i) => p === before[i]) ? before : after;
}

function participantOf(
  roster: Roster,
  person: WireParticipant,
  streams: ReadonlyMap<string, MediaStream>,
): CallParticipant {
  const level = roster.levels.get(person.id) ?? 0;
  const published = (source: TrackSource) => person.tracks.some((t) => t.source === source && !t.muted);
  const picture = (source: TrackSource) => {
    if (!published(source)) return null;
    const slot = roster.slots.find(
      (s) => s.kind === "video" && s.participantId === person.id && s.source === source && !s.undecodable,
    );
    return (slot && streams.get(slot.mid)) ?? null;
  };
  return {
    id: person.id,
    userId: person.userId,
    displayName: person.displayName,
    joinedAt: person.joinedAt,
    hand: person.hand,
    hidden: person.hidden ?? false,
    connection: person.connection,
    tracks: person.tracks,
    camera: picture("camera"),
    screen: picture("screen"),
    microphoneOn: published("microphone"),
    cameraOn: published("camera"),
    screenOn: published("screen"),
    speaking: level >= speakingLevel,
    level,
    score: roster.scores.get(person.id) ?? null,
  };
}

function sameFields(a: CallParticipant, b: CallParticipant): boolean {
  return (Object.keys(b) as (keyof CallParticipant)[]).every((key) => Object.is(a[key], b[key]));
}

/** This device's own connection, as the server sees it. */
export function ownConnection(roster: Roster, self: Id | null): LinkQuality {
  return (self !== null && roster.people.get(self)?.connection) || "good";
}
