import { ConfabError, SignedOutError } from "../errors.ts";
import { type Observable, Subject } from "../observable.ts";
import type { Platform } from "../platform.ts";
import type { SessionState, SignOutReason } from "../state.ts";
import type { AuthAnswer, Id, TokenAnswer } from "../types.ts";

const storageKey = "confab.session";

/** The access token is renewed this long before it runs out; of a short-lived one, after four fifths of its life. */
const renewAheadMs = 60_000;

/** What is kept between runs. Times are ms since 1970 by this device's clock. */
interface StoredSession {
  userId: Id;
  accessToken: string;
  refreshToken: string;
  renewAt: number;
  expiresAt: number;
}

/**
 * Keeps this device's tokens and renews them. However many calls find the token stale, in however many tabs, one of
 * them asks the server: callers in this tab share one promise, tabs take turns by a lock and look into the storage
 * first, where the one before them has left the new pair.
 */
export class TokenKeeper {
  readonly #platform: Platform;
  readonly #refresh: (refreshToken: string) => Promise<TokenAnswer>;
  readonly #session = new Subject<SessionState>({ status: "restoring" });
  readonly #stopWatching: () => void;
  #stored: StoredSession | null = null;
  #renewing: Promise<string> | null = null;

  constructor(platform: Platform, refresh: (refreshToken: string) => Promise<TokenAnswer>) {
    this.#platform = platform;
    this.#refresh = refresh;
    this.#stopWatching =
      platform.storage.watch?.((key) => {
        if (key === storageKey) void this.#follow();
      }) ?? (() => {});
  }

  get session(): Observable<SessionState> {
    return this.#session;
  }

  /** When the present token is due for renewal (ms since 1970); null when signed out. */
  get renewAt(): number | null {
    return this.#stored?.renewAt ?? null;
  }

  close(): void {
    this.#stopWatching();
  }

  /** Takes up what the storage holds. */
  async restore(): Promise<void> {
    this.#become(await this.#read(), "none");
  }

  /** Takes up a fresh session, after login or registration. */
  async adopt(answer: AuthAnswer): Promise<void> {
    await this.#keep(answer.user.id, answer);
  }

  /** Forgets the session on this device. */
  async clear(reason: SignOutReason): Promise<void> {
    await this.#platform.storage.remove(storageKey);
    this.#become(null, reason);
  }

  /**
   * An access token that should be good. `rejected` is one that the server just refused: it is not given again.
   * Throws SignedOutError when the session is over, NetworkError when renewal was needed and nobody answered.
   */
  async access(rejected?: string): Promise<string> {
    const stored = this.#stored;
    if (stored === null) throw new SignedOutError();
    const now = this.#platform.now();
    const good = rejected === undefined ? now < stored.renewAt : stored.accessToken !== rejected;
    if (good && now < stored.expiresAt) return stored.accessToken;
    this.#renewing ??= this.#renew(rejected).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  #renew(rejected: string | undefined): Promise<string> {
    return this.#platform.exclusive("confab.refresh", async () => {
      const stored = await this.#read();
      if (stored === null) {
        this.#become(null, "logout");
        throw new SignedOutError();
      }
      if (stored.accessToken !== this.#stored?.accessToken && this.#platform.now() < stored.renewAt) {
        this.#become(stored, "none");
        if (stored.accessToken !== rejected) return stored.accessToken;
      }
      try {
        return await this.#keep(stored.userId, await this.#refresh(stored.refreshToken));
      } catch (error) {
        if (isRefusal(error)) {
          await this.clear("revoked");
          throw new SignedOutError("the session is over", error);
        }
        // Renewal ahead of time failed for now: the old token still serves.
        if (rejected === undefined && this.#platform.now() < stored.expiresAt) return stored.accessToken;
        throw error;
      }
    });
  }

  async #keep(userId: Id, answer: TokenAnswer): Promise<string> {
    const now = this.#platform.now();
    const life = answer.expiresIn * 1000;
    const stored: StoredSession = {
      userId,
      accessToken: answer.accessToken,
      refreshToken: answer.refreshToken,
      renewAt: now + Math.max(life - renewAheadMs, life * 0.8),
      expiresAt: now + life,
    };
    await this.#platform.storage.set(storageKey, JSON.stringify(stored));
    this.#become(stored, "none");
    return stored.accessToken;
  }

  /** Another tab signed in, out, or renewed. */
  async #follow(): Promise<void> {
    if (this.#session.get().status === "restoring") return;
    this.#become(await this.#read(), "logout");
  }

  #become(stored: StoredSession | null, reason: SignOutReason): void {
    this.#stored = stored;
    const before = this.#session.get();
    if (stored === null) {
      if (before.status !== "signed-out") this.#session.set({ status: "signed-out", reason });
    } else if (before.status !== "signed-in" || before.userId !== stored.userId) {
      this.#session.set({ status: "signed-in", userId: stored.userId });
    }
  }

  async #read(): Promise<StoredSession | null> {
    const text = await this.#platform.storage.get(storageKey);
    if (text === null) return null;
    try {
      const value: unknown = JSON.parse(text);
      return isStoredSession(value) ? value : null;
    } catch {
      return null;
    }
  }
}

/** The server understood and said no; anything else (no network, 429, 5xx) may go better later. */
function isRefusal(error: unknown): boolean {
  return error instanceof ConfabError && [400, 401, 403, 422].includes(error.status);
}

function isStoredSession(value: unknown): value is StoredSession {
  if (typeof value !== "object" || value === null) return false;
  const v = value as Record<string, unknown>;
  return (
    typeof v.userId === "string" &&
    typeof v.accessToken === "string" &&
    typeof v.refreshToken === "string" &&
    typeof v.renewAt === "number" &&
    typeof v.expiresAt === "number"
  );
}
