import type { Role } from "@confab/sdk";

/** What the server allows, so that nothing is offered that it would refuse: nobody acts on or above their own rank
 *  except owners, who act on everybody. */
const strength = { member: 0, admin: 1, owner: 2 } as const satisfies Record<Role, number>;

export function mayRemove(mine: Role, theirs: Role): boolean {
  if (mine === "member") return false;
  return mine === "owner" || strength[theirs] < strength[mine];
}

/** The roles I could give to somebody who has `theirs`, strongest first. */
export function allowedRoles(mine: Role, theirs: Role): Role[] {
  if (mine === "member" || !mayRemove(mine, theirs)) return [];
  const all: Role[] = ["owner", "admin", "member"];
  return all.filter((role) => role !== theirs && strength[role] <= strength[mine]);
}
