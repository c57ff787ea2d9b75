import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Child, freePort, until } from "./process.ts";

const binary = resolve(import.meta.dirname, "../../../bin/confab");

/** A running `confab serve` with a data folder of its own. */
export class Server {
  private constructor(
    private child: Child,
    private readonly env: NodeJS.ProcessEnv,
    private readonly dir: string,
    readonly port: number,
  ) {}

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  get log(): string {
    return this.child.log;
  }

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const port = await freePort();
    const dir = mkdtempSync(join(tmpdir(), "confab-e2e-"));
    const env = {
      PATH: process.env.PATH,
      CONFAB_LISTEN: `:${port}`,
      CONFAB_DATA_DIR: join(dir, "data"),
      CONFAB_ADMIN_LISTEN: "off",
      CONFAB_RATE_LIMIT_SCALE: "100",
      CONFAB_SHUTDOWN_GRACE: "1s", // calls that a failed test leaves behind need not be waited for
      ...settings,
    };
    const server = new Server(new Child(binary, ["serve"], { env, cwd: dir }), env, dir, port);
    await server.ready();
    return server;
  }

  /** Kills the server as a power cut would, and starts it again on the same data. */
  async crashAndRestart(): Promise<void> {
    this.child.kill();
    await this.child.exited;
    this.child = new Child(binary, ["serve"], { env: this.env, cwd: this.dir });
    await this.ready();
  }

  async stop(): Promise<number | null> {
    const code = await this.child.stop();
    rmSync(this.dir, { recursive: true, force: true });
    return code;
  }

  private async ready(): Promise<void> {
    try {
      await until("the server is ready", async () => (await fetch(`${this.url}/readyz`)).ok);
    } catch (error) {
      this.child.kill();
      throw new Error(`the server did not start:\n${this.child.log}`, { cause: error });
    }
  }
}
