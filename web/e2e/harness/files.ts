import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import type { Locator, Page } from "playwright-core";
import type { Person } from "./browser.ts";

/** A file as Playwright gives it to an input. */
export interface TestFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

/** A PNG of one colour, or of two side by side, with noise in it, which makes it as large as it looks. */
export function picture(
  name: string,
  width: number,
  height: number,
  left = [40, 140, 160],
  right = left,
): TestFile {
  const rows: Buffer[] = [];
  for (let y = 0; y < height; y++) {
    const row = randomBytes(1 + width * 3);
    row[0] = 0; // no filter
    for (let x = 0; x < width; x++) {
      const shade = (y * 90) / height;
      for (const [i, c] of (x < width / 2 ? left : right).entries())
        row[1 + x * 3 + i] = Math.min(255, c + shade + ((row[1 + x * 3 + i] ?? 0) & 7));
    }
    rows.push(row);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // eight bits, RGB
  const buffer = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return { name, mimeType: "image/png", buffer };
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(8 + body.length);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), 4 + body.length);
  return out;
}

/** A file of random bytes, which nothing can make smaller. */
export function noise(name: string, bytes: number): TestFile {
  return { name, mimeType: "application/octet-stream", buffer: randomBytes(bytes) };
}

/** Chooses files by the button's input. */
export async function choose(page: Page, ...files: TestFile[]): Promise<void> {
  const before = await page.getByTestId("picked-file").count();
  await page.getByTestId("file-input").setInputFiles(files);
  await page
    .getByTestId("picked-file")
    .nth(before + files.length - 1)
    .waitFor();
}

/** The same by a file on disk, for one that is too large to be handed over. */
export async function chooseFromDisk(person: Person, file: TestFile): Promise<void> {
  const path = join(person.dir, file.name);
  writeFileSync(path, file.buffer);
  await person.page.getByTestId("file-input").setInputFiles(path);
  await person.page.getByTestId("picked-file").waitFor();
}

/** Hands files to the page as its clipboard or a drag would. */
export async function hand(page: Page, how: "paste" | "drop", ...files: TestFile[]): Promise<void> {
  const given = files.map(({ name, mimeType, buffer }) => ({
    name,
    mimeType,
    data: buffer.toString("base64"),
  }));
  await page.evaluate(
    ([how, given]) => {
      const data = new DataTransfer();
      for (const { name, mimeType, data: text } of given)
        data.items.add(
          new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type: mimeType }),
        );
      const target = document.querySelector('[data-testid="composer"]') ?? document.body;
      const init = { bubbles: true, cancelable: true };
      if (how === "paste")
        target.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: data }));
      else
        for (const type of ["dragenter", "dragover", "drop"])
          target.dispatchEvent(new DragEvent(type, { ...init, dataTransfer: data }));
    },
    [how, given] as const,
  );
}

/** Slows what this browser sends down to so many bytes a second, until the returned function is called. */
export async function slowUploads(person: Person, bytesPerSecond: number): Promise<() => Promise<void>> {
  const session = await person.context.newCDPSession(person.page);
  await session.send("Network.enable");
  const limits = { offline: false, latency: 0, downloadThroughput: -1 };
  await session.send("Network.emulateNetworkConditions", { ...limits, uploadThroughput: bytesPerSecond });
  return async () => {
    await session.send("Network.emulateNetworkConditions", { ...limits, uploadThroughput: -1 });
    await session.detach();
  };
}

/** Whether a picture in the page has been loaded and decoded. */
export function isLoaded(image: Locator): Promise<boolean> {
  return image.evaluate(
    (element) => element instanceof HTMLImageElement && element.complete && element.naturalWidth > 0,
  );
}
