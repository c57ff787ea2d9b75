import { type Id, Subject } from "@confab/sdk";

/** Whose card is open. */
export const person = new Subject<Id | null>(null);

export function openPerson(userId: Id): void {
  person.set(userId);
}
