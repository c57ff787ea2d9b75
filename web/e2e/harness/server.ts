import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Child, until } from "./process.ts";

const binary = resolve(import.meta.dirname, "../../../bin/confab");

/** A running `confab serve` with a data folder of its own. */
export class Server {
  private constructor(
    private child: Child,
    private readonly env: NodeJS.ProcessEnv,
    private readonly dir: string,
    readonly url: string,
  ) {}

  get log(): string {
    return this.child.log;
  }

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const dir = mkdtempSync(join(tmpdir(), "confab-e2e-"));
    const env = {
      PATH: process.env.PATH,
      CONFAB_LISTEN: ":0",
      CONFAB_DATA_DIR: join(dir, "data"),
      CONFAB_ADMIN_LISTEN: "off",
      CONFAB_RATE_LIMIT_SCALE: "100",
      CONFAB_SHUTDOWN_GRACE: "1s", // calls that a failed test leaves behind need not be waited for
      ...settings,
    };
    const child = new Child(binary, ["serve"], { env, cwd: dir });
    const url = await ready(child);
    return new Server(child, { ...env, CONFAB_LISTEN: `:${new URL(url).port}` }, dir, url);
  }

  /** Kills the server as a power cut would, and starts it again on the same data and port. */
  async crashAndRestart(): Promise<void> {
    this.child.kill();
    await this.child.exited;
    this.child = new Child(binary, ["serve"], { env: this.env, cwd: this.dir });
    await ready(this.child);
  }

  async stop(): Promise<number | null> {
    const code = await this.child.stop();
    rmSync(this.dir, { recursive: true, force: true });
    return code;
  }
}

/** Waits until the server says where it is to be found, and is. */
async function ready(child: Child): Promise<string> {
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  let url = "";
  try {
    await until("the server is ready", async () => {
      url = /open (http\S+)/.exec(child.log)?.[1] ?? "";
      return ended || (url !== "" && (await fetch(`${url}/readyz`)).ok);
    });
    if (ended) throw new Error("it has ended");
    return url;
  } catch (error) {
    child.kill();
    throw new Error(`the server did not start:\n${child.log}`, { cause: error });
  }
}
