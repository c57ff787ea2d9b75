import { describe, expect, test } from "vitest";
import type { WireParticipant } from "../events.ts";
import { mediaError } from "./media.ts";
import {
  emptyRoster,
  ownConnection,
  participantsOf,
  withMute,
  withPeople,
  withPerson,
  withSpeakers,
} from "./roster.ts";
import { initialSlots, mostSlots, slotsFor } from "./slotcount.ts";

function person(id: string, change: Partial<WireParticipant> = {}): WireParticipant {
  return {
    ...{
      id,
      userId: `user-${id}`,
      displayName: id,
      joinedAt: `2026-01-01T00:00:0${id.length}.000Z`,
      hand: false,
    },
    tracks: [
      { id: `${id}-0`, kind: "audio", source: "microphone", muted: false },
      { id: `${id}-1`, kind: "video", source: "camera", muted: false },
    ],
    connection: "good",
    ...change,
  };
}

// Only identity matters here: the roster never looks into a stream.
const streams = new Map(["5", "6"].map((mid) => [mid, { mid } as unknown as MediaStream]));
const people = withPeople(emptyRoster, [person("ccc"), person("a"), person("bb")]);

describe("participants", () => {
  test("are the others, in the order of joining", () => {
    expect(participantsOf(people, "bb", streams, []).map((p) => p.id)).toEqual(["a", "ccc"]);
  });

  test("show the picture that a slot carries, and lose it with the slot", () => {
    const slot = { mid: "5", kind: "video", participantId: "a", source: "camera" } as const;
    const shown = participantsOf({ ...people, slots: [slot] }, null, streams, []);
    expect(shown[0]?.camera).toBe(streams.get("5"));
    expect(shown[1]?.camera).toBeNull();
    const moved = participantsOf(
      { ...people, slots: [{ ...slot, participantId: "bb" }] },
      null,
      streams,
      shown,
    );
    expect(moved.map((p) => p.camera)).toEqual([null, streams.get("5"), null]);
    const undecodable = participantsOf(
      { ...people, slots: [{ ...slot, undecodable: true }] },
      null,
      streams,
      shown,
    );
    expect(undecodable[0]?.camera).toBeNull();
  });

  test("keep their identity while nothing of theirs changes", () => {
    const before = participantsOf(people, null, streams, []);
    expect(participantsOf({ ...people }, null, streams, before)).toBe(before);
    const after = participantsOf(withSpeakers(people, [{ id: "a", level: 0.5 }]), null, streams, before);
    expect(after.map((p, i) => p === before[i])).toEqual([false, true, true]);
    expect(after[0]).toMatchObject({ speaking: true, level: 0.5 });
  });

  test("are muted, changed and gone as the events say", () => {
    const muted = withMute(people, "a", "camera", true);
    expect(participantsOf(muted, null, streams, [])[0]).toMatchObject({
      cameraOn: false,
      microphoneOn: true,
    });
    const gone = withPerson(people, person("a"), true);
    expect(participantsOf(gone, null, streams, []).map((p) => p.id)).toEqual(["bb", "ccc"]);
    expect(withMute(people, "nobody", "camera", true)).toBe(people);
    expect(ownConnection(withPeople(emptyRoster, [person("a", { connection: "poor" })]), "a")).toBe("poor");
  });
});

describe("slots", () => {
  test.each([
    ["fewer than there are", { audio: 1, video: 2 }, initialSlots],
    ["more pictures", { audio: 2, video: 9 }, { audio: 4, video: 9 }],
    ["more than anybody needs", { audio: 100, video: 100 }, mostSlots],
  ])("when the server wants %s", (_name, wanted, expected) => {
    expect(slotsFor(initialSlots, wanted)).toEqual(expected);
  });
});

test.each([
  ["NotAllowedError", "permission_denied"],
  ["NotFoundError", "no_device"],
  ["NotReadableError", "in_use"],
  ["NotSupportedError", "unsupported"],
  ["SomethingNewError", "failed"],
])("%s of a device is %s", (name, code) => {
  expect(mediaError("camera", new DOMException("x", name))).toMatchObject({ code, source: "camera" });
});
