/** What can be said of a form before the server is asked. The server checks again, and has the last word. */

export type Problem =
  | "auth.loginMissing"
  | "auth.passwordMissing"
  | "auth.passwordShort"
  | "auth.passwordLong"
  | "auth.emailMissing"
  | "auth.emailInvalid"
  | "auth.usernameMissing"
  | "auth.usernameInvalid";

/** Counted in characters as people count them, not in UTF-16 units. */
const lengthOf = (text: string) => [...text].length;

export function checkNewPassword(password: string): Problem | undefined {
  if (password === "") return "auth.passwordMissing";
  if (lengthOf(password) < 8) return "auth.passwordShort";
  if (lengthOf(password) > 128) return "auth.passwordLong";
  return undefined;
}

export function checkEmail(email: string): Problem | undefined {
  if (email.trim() === "") return "auth.emailMissing";
  return /^[^\s@]+@[^\s@]+$/.test(email.trim()) ? undefined : "auth.emailInvalid";
}

export function checkUsername(username: string): Problem | undefined {
  if (username.trim() === "") return "auth.usernameMissing";
  return /^[\p{L}\p{N}._-]{2,32}$/u.test(username.trim()) ? undefined : "auth.usernameInvalid";
}
