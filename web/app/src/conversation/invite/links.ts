import { type Id, Subject } from "@confab/sdk";
import { useSyncExternalStore } from "react";

/** The links made while this page is open: the server tells each once and keeps only a hash. */
const links = new Subject<Readonly<Record<Id, string>>>({});

export function rememberLink(invitationId: Id, url: string): void {
  links.update((known) => ({ ...known, [invitationId]: url }));
}

export const useLink = (invitationId: Id): string | undefined =>
  useSyncExternalStore(links.subscribe, () => links.get()[invitationId]);
