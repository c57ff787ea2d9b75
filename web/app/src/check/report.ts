import type { TFunction } from "i18next";
import { type Finding, type Findings, type Step, steps } from "./steps";

/** The findings as a text to send to whoever runs the server. It holds no address and nothing secret. */
export function reportOf(
  t: TFunction,
  findings: Findings,
  about: { server: string; browser: string; at: Date },
): string {
  const lines = steps.flatMap((step) => {
    const finding = findings[step];
    if (!finding) return [];
    return [`[${marks[finding.state]}] ${t(nameOf[step])}: ${findingText(t, finding)}`];
  });
  const head = [t("check.reportHead"), about.at.toISOString(), about.server, about.browser];
  return `${head.join("\n")}\n\n${lines.join("\n")}\n`;
}

/** A finding in words. Which values belong to which text is known where it was found. */
export function findingText(t: TFunction, { text, values }: Finding): string {
  return text ? (t as (key: string, values?: Record<string, string>) => string)(text, values) : "";
}

const marks = { waiting: "…", running: "…", ok: "OK", warn: "!", bad: "X", skipped: "–" } as const;

export const nameOf = {
  server: "check.server",
  socket: "check.socket",
  camera: "check.camera",
  microphone: "check.microphone",
  direct: "check.direct",
  turnUdp: "check.turnUdp",
  turnTcp: "check.turnTcp",
  turnTls: "check.turnTls",
  bandwidth: "check.bandwidth",
} as const satisfies Record<Step, string>;
