import type { SignOutReason } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { keptInvitation } from "../platform/invitation";
import { followLink } from "../platform/router";
import { Icon, type IconName, Logo } from "../ui/icons";
import { LanguageSwitch } from "./LanguageSwitch";
import { LoginForm } from "./LoginForm";
import { RegisterForm } from "./RegisterForm";

/** The door: what Confab is on the left where there is room, the form on the right. */
export function AuthScreen({ registering, reason }: { registering: boolean; reason: SignOutReason }) {
  const { t } = useTranslation();
  return (
    <div className="flex h-dvh bg-surface text-ink">
      <Pitch />
      <main className="flex min-w-0 flex-1 flex-col overflow-y-auto pad-safe-top-0 pad-safe-bottom-0">
        <div className="flex items-center justify-between px-5 pt-4 lg:justify-end">
          <span className="flex items-center gap-2.5 text-lg font-semibold lg:hidden">
            <Logo size={34} /> Confab
          </span>
          <LanguageSwitch />
        </div>
        <div className="m-auto w-full max-w-[25rem] px-6 py-8">
          <div key={registering ? "register" : "login"} className="animate-rise">
            <h1 className="text-[28px] leading-tight font-semibold tracking-tight">
              {registering ? t("auth.registerTitle") : t("auth.signInTitle")}
            </h1>
            <p className="mt-1.5 mb-7 text-ink-2">
              {registering ? t("auth.registerText") : t("auth.signInText")}
            </p>
            {reason === "revoked" && !registering && (
              <p role="status" className="mb-5 flex gap-2.5 rounded-xl bg-warn-soft px-3.5 py-3 text-warn">
                <Icon name="info" className="mt-0.5 shrink-0" />
                {t("auth.signedOutElsewhere")}
              </p>
            )}
            {keptInvitation() !== null && (
              <p className="mb-5 flex gap-2.5 rounded-xl bg-accent-soft px-3.5 py-3">
                <Icon name="people" className="mt-0.5 shrink-0 text-accent" />
                {registering ? t("join.registerFirst") : t("join.signInFirst")}
              </p>
            )}
            {registering ? <RegisterForm /> : <LoginForm />}
          </div>
          <p className="mt-7 text-center text-ink-2">
            {registering ? t("auth.haveAccount") : t("auth.noAccount")}{" "}
            <a
              href={registering ? "/login" : "/register"}
              onClick={(event) => followLink(event, { name: registering ? "login" : "register" })}
              className="rounded-md font-medium text-accent underline decoration-accent/40 underline-offset-4 hover:decoration-accent"
            >
              {registering ? t("auth.signIn") : t("auth.register")}
            </a>
          </p>
        </div>
      </main>
    </div>
  );
}

function Pitch() {
  const { t } = useTranslation();
  const points: { icon: IconName; text: string }[] = [
    { icon: "lock", text: t("auth.pitchPrivate") },
    { icon: "video", text: t("auth.pitchCalls") },
    { icon: "chat", text: t("auth.pitchFast") },
  ];
  return (
    <aside className="relative hidden w-[44%] max-w-[40rem] flex-col justify-between overflow-hidden bg-[#0b4f55] p-12 text-white lg:flex">
      <Bubbles />
      <p className="relative flex items-center gap-3 text-xl font-semibold">
        <Logo size={44} /> Confab
      </p>
      <div className="relative">
        <p className="max-w-md text-[38px] leading-[1.12] font-semibold tracking-tight text-balance">
          {t("auth.tagline")}
        </p>
        <ul className="mt-9 space-y-4 text-[16px] text-white/90">
          {points.map((point) => (
            <li key={point.icon} className="flex items-center gap-3.5">
              <span className="grid size-10 place-items-center rounded-xl bg-white/12">
                <Icon name={point.icon} />
              </span>
              {point.text}
            </li>
          ))}
        </ul>
      </div>
    </aside>
  );
}

/** Decoration: people in bubbles, talking. */
function Bubbles() {
  return (
    <svg
      aria-hidden="true"
      className="absolute inset-0 size-full"
      viewBox="0 0 600 900"
      preserveAspectRatio="xMidYMid slice"
      fill="none"
    >
      <circle cx="520" cy="130" r="210" fill="#0e6e74" />
      <circle cx="90" cy="420" r="150" fill="#0d5f66" />
      <circle cx="470" cy="860" r="260" fill="#094348" />
      <g stroke="#fff" strokeOpacity="0.16" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round">
        <path d="M560 176a86 86 0 1 0-120 78l-10 36 42-18a86 86 0 0 0 70-32" />
        <path d="M140 330a52 52 0 1 0-76 46l-6 22 26-11" />
      </g>
      <circle cx="478" cy="176" r="15" fill="#ffd08a" />
      <circle cx="92" cy="332" r="9" fill="#ffd08a" fillOpacity="0.8" />
    </svg>
  );
}
