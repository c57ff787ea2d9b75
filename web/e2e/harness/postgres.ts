import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const repository = resolve(import.meta.dirname, "../../..");

/** A PostgreSQL cluster of its own for the length of a test: the one that the Go tests use, started as a program. */
export class Postgres {
  private constructor(
    readonly url: string,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(): Promise<Postgres> {
    const child = spawn("go", ["run", "./store/storetest/pgtest/pgserve"], {
      cwd: repository,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    const stop = async () => {
      child.stdin.end(); // it serves for as long as its standard input is open
      await exited;
    };
    for await (const url of createInterface(child.stdout)) return new Postgres(url, stop);
    throw new Error("PostgreSQL did not start");
  }
}
