import axe from "axe-core";
import type { Page } from "playwright-core";

/** What axe finds wrong on the page, in a form that reads well in a failure. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // What is still fading in or out has colours that nobody will read.
  await page.evaluate(async () => {
    const finite = document
      .getAnimations()
      .filter((each) => Number.isFinite(Number(each.effect?.getComputedTiming().endTime)));
    await Promise.allSettled(finite.map((each) => each.finished));
  });
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`,
    );
  });
}

/** Whether something sticks out to the side, so that a phone would scroll sideways. */
export function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}
