// Draws public/icon-*.png from public/favicon.svg. Run it after the mark changed: node scripts/icons.mjs
// Chromium does the drawing (CHROMIUM, else /usr/bin/chromium).
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const folder = new URL("../public/", import.meta.url);
const mark = await readFile(new URL("favicon.svg", folder), "utf8");

// Phones cut a maskable icon to their own shape and keep the middle four fifths: the plate fills the square, the mark
// shrinks. Apple rounds the corners itself.
const square = mark.replace('rx="17"', "");
const maskable = square.replace('<g id="mark">', '<g id="mark" transform="translate(32 32) scale(0.78) translate(-32 -32)">');

const icons = [
  { name: "icon-32.png", size: 32, svg: mark },
  { name: "icon-180.png", size: 180, svg: square },
  { name: "icon-192.png", size: 192, svg: mark },
  { name: "icon-512.png", size: 512, svg: mark },
  { name: "icon-maskable-512.png", size: 512, svg: maskable },
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
for (const { name, size, svg } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  await page.screenshot({ path: fileURLToPath(new URL(name, folder)), omitBackground: true });
  await page.close();
}
await browser.close();
