import { type ChildProcess, spawn } from "node:child_process";

/** A child process whose output is kept, so that a failure can show it. */
export class Child {
  private readonly output: string[] = [];
  private readonly process: ChildProcess;
  readonly exited: Promise<number | null>;

  constructor(command: string, args: string[], options: { env: NodeJS.ProcessEnv; cwd: string }) {
    this.process = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    this.process.stdout?.on("data", (chunk: Buffer) => this.output.push(chunk.toString()));
    this.process.stderr?.on("data", (chunk: Buffer) => this.output.push(chunk.toString()));
    this.exited = new Promise((resolve, reject) => {
      this.process.on("error", reject);
      this.process.on("exit", (code) => resolve(code));
    });
    this.exited.catch(() => {}); // reported by whoever waits
  }

  get log(): string {
    return this.output.join("");
  }

  /** Asks it to end, and waits; after ten seconds it is ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.process.kill(signal);
    const killer = setTimeout(() => this.process.kill("SIGKILL"), 10_000);
    try {
      return await this.exited;
    } finally {
      clearTimeout(killer);
    }
  }

  kill(): void {
    this.process.kill("SIGKILL");
  }
}

/** Polls until check answers true; throws with what was waited for and the last error after the time is over. */
export async function until(
  what: string,
  check: () => Promise<boolean> | boolean,
  ms = 20_000,
): Promise<void> {
  const deadline = Date.now() + ms;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      if (await check()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`gave up waiting until ${what}`, { cause: last });
}
