import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child, freePort, until, userIds } from "./process.ts";

/** A PostgreSQL cluster of its own, in a folder of its own, for the length of a test. */
export class Postgres {
  private constructor(
    private readonly child: Child,
    private readonly dir: string,
    readonly url: string,
  ) {}

  static async start(): Promise<Postgres> {
    const bin = newestServer();
    // initdb and postgres refuse root; the Debian package brings the user postgres.
    const as: { uid?: number; gid?: number } = process.getuid?.() === 0 ? userIds("postgres") : {};
    const dir = mkdtempSync(join(tmpdir(), "confab-pg-"));
    if (as.uid !== undefined && as.gid !== undefined) chownSync(dir, as.uid, as.gid);
    const data = join(dir, "data");
    execFileSync(
      join(bin, "initdb"),
      ["-D", data, "-U", "confab", "-A", "trust", "-E", "UTF8", "--no-sync"],
      {
        ...as,
        cwd: dir,
        stdio: "pipe",
      },
    );
    const port = await freePort();
    const child = new Child(
      join(bin, "postgres"),
      ["-D", data, "-p", String(port), "-k", dir, "-c", "listen_addresses=127.0.0.1"],
      { ...as, cwd: dir },
    );
    const psql = (sql: string) =>
      execFileSync(
        join(bin, "psql"),
        ["-h", "127.0.0.1", "-p", String(port), "-U", "confab", "-d", "postgres", "-c", sql],
        {
          stdio: "pipe",
        },
      );
    await until("PostgreSQL answers", () => {
      psql("select 1");
      return true;
    });
    psql("create database confab");
    return new Postgres(child, dir, `postgres://confab@127.0.0.1:${port}/confab?sslmode=disable`);
  }

  async stop(): Promise<void> {
    await this.child.stop("SIGINT"); // fast shutdown: disconnects clients
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function newestServer(): string {
  const root = "/usr/lib/postgresql";
  const version = readdirSync(root).sort((a, b) => Number(b) - Number(a))[0];
  if (version === undefined) throw new Error("no PostgreSQL server: install the Debian package postgresql");
  return join(root, version, "bin");
}
