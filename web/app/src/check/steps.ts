/** What is looked at, in this order. */
export const steps = [
  "server",
  "socket",
  "camera",
  "microphone",
  "direct",
  "turnUdp",
  "turnTcp",
  "turnTls",
  "bandwidth",
] as const;

export type Step = (typeof steps)[number];

export type State = "waiting" | "running" | "ok" | "warn" | "bad" | "skipped";

/** How a step ended, as keys of the catalog with what is filled in. */
export interface Finding {
  state: State;
  text?: FindingText;
  values?: Record<string, string>;
  advice?: Advice;
}

export type FindingText =
  | "check.serverOk"
  | "check.serverBad"
  | "check.socketOk"
  | "check.socketBad"
  | "check.cameraOk"
  | "check.microphoneOk"
  | "check.microphoneSilent"
  | "check.deviceDenied"
  | "check.deviceMissing"
  | "check.deviceBusy"
  | "check.deviceFailed"
  | "check.directOk"
  | "check.directTcp"
  | "check.directBad"
  | "check.turnOk"
  | "check.turnBad"
  | "check.turnNoRelay"
  | "check.turnNone"
  | "check.bandwidthOk"
  | "check.bandwidthBad"
  | "check.noPath"
  | "check.unsupported"
  | "check.refused";

export type Advice =
  | "check.adviceServer"
  | "check.adviceSocket"
  | "check.adviceDenied"
  | "check.adviceMissing"
  | "check.adviceBusy"
  | "check.adviceSilent"
  | "check.adviceTcp"
  | "check.adviceDirect"
  | "check.adviceTurn"
  | "check.adviceTls"
  | "check.adviceAudioOnly"
  | "check.adviceSlow"
  | "check.adviceLoss"
  | "check.adviceDelay"
  | "check.adviceLater";

export type Findings = Readonly<Partial<Record<Step, Finding>>>;

export type Verdict = "good" | "limited" | "bad";

const paths: readonly Step[] = ["direct", "turnUdp", "turnTcp", "turnTls"];

/** Whether calls will work: they need the server, the socket and any one path; all else makes them better. */
export function verdictOf(findings: Findings): Verdict {
  const works = (step: Step) => findings[step]?.state === "ok" || findings[step]?.state === "warn";
  if (!works("server") || !works("socket") || !paths.some(works)) return "bad";
  const limited = (step: Step) => ["warn", "bad"].includes(findings[step]?.state ?? "");
  // A way through TURN that is closed harms nobody who has the direct one.
  const counted: readonly Step[] = ["camera", "microphone", "direct", "bandwidth"];
  return counted.some(limited) ? "limited" : "good";
}
