import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { type Signature, writeCamera, writeMicrophone } from "./media.ts";

/** Where screenshots go when somebody wants to look at them (the README's pictures are made this way). */
const pictures = process.env.CONFAB_SCREENSHOTS;

/** One person at one device: a Chromium process of its own, with a camera and a microphone that are theirs alone. */
export class Person {
  private constructor(
    readonly name: string,
    readonly context: BrowserContext,
    readonly page: Page,
    /** A folder of this person alone, gone when they are. */
    readonly dir: string,
    /** What the page complained about; a test ends by expecting none. */
    readonly complaints: string[],
  ) {}

  static async open(
    name: string,
    signature: Signature,
    options: {
      viewport?: { width: number; height: number };
      locale?: string;
      colorScheme?: "light" | "dark";
      /** This person allows the page no camera and no microphone. */
      deniesDevices?: boolean;
    } = {},
  ): Promise<Person> {
    const dir = mkdtempSync(join(tmpdir(), `confab-${name}-`));
    const camera = join(dir, "camera.y4m");
    const microphone = join(dir, "microphone.wav");
    writeCamera(camera, signature);
    writeMicrophone(microphone, signature);
    const context = await chromium.launchPersistentContext(join(dir, "profile"), {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      headless: true,
      viewport: options.viewport ?? { width: 1280, height: 800 },
      locale: options.locale ?? "en-US",
      colorScheme: options.colorScheme ?? "light",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--autoplay-policy=no-user-gesture-required",
        // Without it nobody is there to answer, which headless Chromium takes for a no.
        ...(options.deniesDevices ? [] : ["--use-fake-ui-for-media-stream"]),
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-video-capture=${camera}`,
        `--use-file-for-fake-audio-capture=${microphone}`,
        "--auto-select-desktop-capture-source=Entire screen",
      ],
    });
    await context.addInitScript(recordConnections);
    const page = context.pages()[0] ?? (await context.newPage());
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.setDefaultTimeout(20_000);
    return new Person(name, context, page, dir, complaints);
  }

  /** Takes a picture of the page for people to look at, when CONFAB_SCREENSHOTS names a folder. */
  async picture(title: string): Promise<void> {
    if (pictures) await this.page.screenshot({ path: join(pictures, `${title}.png`) });
  }

  /** Takes a picture of a page on which a test failed, into the folder for temporary files, and says where. */
  async pictureOfFailure(): Promise<void> {
    const path = join(tmpdir(), `confab-failed-${this.name}.png`);
    await this.page.screenshot({ path });
    console.error(`${this.name} saw ${path}`);
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** What recordConnections keeps on the page's window. */
export interface Recorded {
  peerConnections: RTCPeerConnection[];
  sockets: WebSocket[];
}

/** Runs in the page before anything else: keeps every connection, so that tests can ask for statistics and cut lines. */
function recordConnections(): void {
  const recorded: Recorded = { peerConnections: [], sockets: [] };
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      recorded.peerConnections.push(this);
    }
  };
  window.WebSocket = class extends window.WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      recorded.sockets.push(this);
    }
  };
  Object.assign(window, recorded);
}
