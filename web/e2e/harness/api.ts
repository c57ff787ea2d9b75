/** An account made over REST, for tests whose subject is not registration. */
export interface Account {
  token: string;
  id: string;
  username: string;
}

/** Calls REST; throws with the problem's text unless the answer has the wanted status. */
export async function rest<T>(
  server: { url: string },
  method: string,
  path: string,
  options: { token?: string; body?: unknown; status?: number } = {},
): Promise<T> {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  const expected = options.status === undefined ? response.ok : response.status === options.status;
  if (!expected) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export async function register(server: { url: string }, username: string): Promise<Account> {
  const answer = await rest<{ accessToken: string; user: { id: string } }>(server, "POST", "/auth/register", {
    body: { email: `${username}@confab.test`, username, password: `correct horse ${username}` },
    status: 201,
  });
  return { token: answer.accessToken, id: answer.user.id, username };
}

/** Makes the direct chat of the first account with the second, or the group of the first with all others. */
export async function makeChat(server: { url: string }, accounts: Account[], name?: string): Promise<string> {
  const [owner, ...others] = accounts;
  if (!owner) throw new Error("a chat needs people");
  const memberIds = others.map((other) => other.id);
  const body = name === undefined ? { type: "direct", memberIds } : { type: "group", name, memberIds };
  return (await rest<{ id: string }>(server, "POST", "/chats", { token: owner.token, body, status: 201 })).id;
}
