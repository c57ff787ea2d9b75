/** A copy with another element at `at`. (Not every phone's engine has Array.prototype.with.) */
export function replaceAt<T>(list: readonly T[], at: number, element: T): T[] {
  const copy = [...list];
  copy[at] = element;
  return copy;
}
