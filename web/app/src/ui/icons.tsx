import type { ReactNode, SVGProps } from "react";

/** The icons are drawn on a 24-unit grid with a 1.75 stroke in the colour of the text around them. */
const strokes = {
  back: <path d="M14.5 5.5 8 12l6.5 6.5" />,
  close: <path d="m6.5 6.5 11 11m0-11-11 11" />,
  check: <path d="m5 12.5 4.6 4.5L19 7.5" />,
  checks: <path d="m2.5 12.8 4.2 4.2L15 8m-3.7 8 1 1L21.5 8" />,
  clock: (
    <>
      <circle cx="12" cy="12" r="8.25" />
      <path d="M12 7.5V12l3 2" />
    </>
  ),
  alert: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 7.8v5M12 16h.01" />
    </>
  ),
  search: (
    <>
      <circle cx="10.8" cy="10.8" r="6" />
      <path d="m15.3 15.3 4.2 4.2" />
    </>
  ),
  compose: (
    <>
      <path d="M12.5 4.75H7A2.75 2.75 0 0 0 4.25 7.5V17A2.75 2.75 0 0 0 7 19.75h9.5A2.75 2.75 0 0 0 19.25 17v-5.5" />
      <path d="m9.5 14.5.6-3 8-8a1.7 1.7 0 0 1 2.4 2.4l-8 8z" />
    </>
  ),
  person: (
    <>
      <circle cx="12" cy="8" r="3.75" />
      <path d="M4.75 19.5c.7-3.4 3.6-5.5 7.25-5.5s6.55 2.1 7.25 5.5" />
    </>
  ),
  people: (
    <>
      <circle cx="9" cy="8.5" r="3.25" />
      <path d="M2.75 19c.5-3.1 3-5 6.25-5s5.75 1.9 6.25 5M15.5 5.5a3.25 3.25 0 0 1 0 6M17.3 14.3c2.1.6 3.6 2.2 3.95 4.7" />
    </>
  ),
  addPerson: (
    <>
      <circle cx="10" cy="8.25" r="3.5" />
      <path d="M3.25 19.25c.6-3.2 3.3-5.25 6.75-5.25 1.5 0 2.9.4 4 1.1M18 13.5v6m-3-3h6" />
    </>
  ),
  phone: (
    <path d="M8.6 4.6 7 4.5c-1.4 0-2.6 1.2-2.5 2.6C5 14 10 19 16.9 19.5c1.4.1 2.6-1.1 2.6-2.5l-.1-1.6a1.5 1.5 0 0 0-1.2-1.4l-2-.4a1.5 1.5 0 0 0-1.4.45l-.7.8a11 11 0 0 1-4.95-4.95l.8-.7a1.5 1.5 0 0 0 .45-1.4l-.4-2a1.5 1.5 0 0 0-1.4-1.2z" />
  ),
  hangUp: (
    <path d="M12 9.5c-3.3 0-6.2.9-8.2 2.4-.8.6-1.2 1.6-1 2.6l.25 1.2c.15.7.8 1.15 1.5 1l2.5-.5c.6-.1 1.05-.6 1.1-1.2l.1-1.5a12 12 0 0 1 7.5 0l.1 1.5c.05.6.5 1.1 1.1 1.2l2.5.5c.7.15 1.35-.3 1.5-1l.25-1.2c.2-1-.2-2-1-2.6-2-1.5-4.9-2.4-8.2-2.4z" />
  ),
  video: (
    <>
      <rect x="3.25" y="6.25" width="12" height="11.5" rx="2.75" />
      <path d="m15.25 11 4.1-2.7a.9.9 0 0 1 1.4.75v5.9a.9.9 0 0 1-1.4.75L15.25 13" />
    </>
  ),
  videoOff: (
    <>
      <path d="M15.25 12.5V9A2.75 2.75 0 0 0 12.5 6.25H9M4.3 7a2.7 2.7 0 0 0-1.05 2v6A2.75 2.75 0 0 0 6 17.75h6.5c1 0 1.9-.55 2.4-1.35M15.25 11l4.1-2.7a.9.9 0 0 1 1.4.75v5.9a.9.9 0 0 1-1.4.75" />
      <path d="m3.5 3.5 17 17" />
    </>
  ),
  mic: (
    <>
      <rect x="8.75" y="3.25" width="6.5" height="11" rx="3.25" />
      <path d="M5.25 11.25a6.75 6.75 0 0 0 13.5 0M12 18v2.75" />
    </>
  ),
  micOff: (
    <>
      <path d="M15.25 9.5V6.5a3.25 3.25 0 0 0-6.2-1.4M8.75 8.75V11A3.25 3.25 0 0 0 13.5 13.9M5.25 11.25A6.75 6.75 0 0 0 16.6 16.2M18.75 11.25c0 .85-.15 1.65-.45 2.4M12 18v2.75" />
      <path d="m3.5 3.5 17 17" />
    </>
  ),
  screen: (
    <>
      <rect x="3.25" y="4.75" width="17.5" height="12" rx="2.5" />
      <path d="M9 20h6M12 13.5v-5m-2.3 2 2.3-2.3 2.3 2.3" />
    </>
  ),
  hand: (
    <path d="M8 12V6.2a1.4 1.4 0 0 1 2.8 0V11m0-.5V4.7a1.4 1.4 0 0 1 2.8 0V11m0-.3V6a1.4 1.4 0 0 1 2.8 0v7.2l1-1.7a1.35 1.35 0 0 1 2.4 1.25l-2.6 5.4a4.9 4.9 0 0 1-4.4 2.8h-1.3a4.9 4.9 0 0 1-4.3-2.6l-2.9-5.4a1.35 1.35 0 0 1 2.3-1.4L8 13" />
  ),
  smile: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M8.5 14a4.3 4.3 0 0 0 7 0M9 9.5h.01M15 9.5h.01" />
    </>
  ),
  reply: <path d="M9.5 6 4.5 11l5 5M5 11h8.5a6 6 0 0 1 6 6v1" />,
  pencil: <path d="m4.75 19.25.9-4L15.8 5.1a1.9 1.9 0 0 1 2.7 0l.4.4a1.9 1.9 0 0 1 0 2.7L8.75 18.35z" />,
  trash: (
    <path d="M4.75 7h14.5M9.5 7V5.5A1.25 1.25 0 0 1 10.75 4.25h2.5A1.25 1.25 0 0 1 14.5 5.5V7M6.5 7l.7 10.4a2.5 2.5 0 0 0 2.5 2.35h4.6a2.5 2.5 0 0 0 2.5-2.35L17.5 7M10.3 11v5M13.7 11v5" />
  ),
  copy: (
    <>
      <rect x="8.25" y="8.25" width="11.5" height="11.5" rx="2.5" />
      <path d="M15.75 8.25V6.75a2.5 2.5 0 0 0-2.5-2.5h-6.5a2.5 2.5 0 0 0-2.5 2.5v6.5a2.5 2.5 0 0 0 2.5 2.5h1.5" />
    </>
  ),
  more: <path d="M5.5 12h.01M12 12h.01M18.5 12h.01" strokeWidth={2.75} />,
  chevron: <path d="m7 10 5 5 5-5" />,
  down: <path d="M12 5v14m-6-6 6 6 6-6" />,
  send: <path d="M12 19.5V5m-6 6 6-6 6 6" strokeWidth={2.25} />,
  gear: (
    <>
      <circle cx="12" cy="12" r="2.75" />
      <path d="M10.6 3.75h2.8l.5 2.3 1.6.9 2.25-.75 1.4 2.45-1.75 1.55v1.85l1.75 1.55-1.4 2.45-2.25-.75-1.6.9-.5 2.3h-2.8l-.5-2.3-1.6-.9-2.25.75-1.4-2.45 1.75-1.55v-1.85L4.85 8.65l1.4-2.45 2.25.75 1.6-.9z" />
    </>
  ),
  signOut: (
    <path d="M10 4.25H7A2.75 2.75 0 0 0 4.25 7v10A2.75 2.75 0 0 0 7 19.75h3M9.75 12h10m-3.5-3.75L20 12l-3.75 3.75" />
  ),
  eye: (
    <>
      <path d="M2.75 12S6 5.75 12 5.75 21.25 12 21.25 12 18 18.25 12 18.25 2.75 12 2.75 12z" />
      <circle cx="12" cy="12" r="2.75" />
    </>
  ),
  eyeOff: (
    <path d="M9.8 6c.7-.15 1.4-.25 2.2-.25 6 0 9.25 6.25 9.25 6.25s-.9 1.7-2.6 3.3M15.9 17.4c-1.15.5-2.4.85-3.9.85C6 18.25 2.75 12 2.75 12s1.35-2.6 3.9-4.5M10 10.1a2.75 2.75 0 0 0 3.9 3.9M3.5 3.5l17 17" />
  ),
  info: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 11.3V16M12 8h.01" />
    </>
  ),
  sun: (
    <>
      <circle cx="12" cy="12" r="3.75" />
      <path d="M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1" />
    </>
  ),
  moon: <path d="M19.75 14.2A8 8 0 0 1 9.8 4.25a8 8 0 1 0 9.95 9.95z" />,
  device: (
    <>
      <rect x="4.25" y="5.25" width="15.5" height="10.5" rx="2" />
      <path d="M2.5 18.75h19" />
    </>
  ),
  mobile: (
    <>
      <rect x="7.25" y="3.25" width="9.5" height="17.5" rx="2.5" />
      <path d="M11 17.75h2" />
    </>
  ),
  globe: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M3.5 12h17M12 3.5c2.4 2.3 3.6 5.2 3.6 8.5s-1.2 6.2-3.6 8.5c-2.4-2.3-3.6-5.2-3.6-8.5s1.2-6.2 3.6-8.5z" />
    </>
  ),
  lock: (
    <>
      <rect x="5.25" y="10.25" width="13.5" height="9.5" rx="2.5" />
      <path d="M8.25 10.25V8a3.75 3.75 0 0 1 7.5 0v2.25" />
    </>
  ),
  pin: <path d="M9 4h6l-.7 6 3.2 3.5v1.25h-11V13.5L9.7 10zM12 14.75V20" />,
  shrink: <path d="M19.5 4.5 14 10m0-4.5V10h4.5M4.5 19.5 10 14m-4.5 0H10v4.5" />,
  expand: <path d="M14 10l5.5-5.5M15 4.5h4.5V9M10 14l-5.5 5.5M9 19.5H4.5V15" />,
  grid: (
    <>
      <rect x="4.25" y="4.25" width="6.5" height="6.5" rx="1.75" />
      <rect x="13.25" y="4.25" width="6.5" height="6.5" rx="1.75" />
      <rect x="4.25" y="13.25" width="6.5" height="6.5" rx="1.75" />
      <rect x="13.25" y="13.25" width="6.5" height="6.5" rx="1.75" />
    </>
  ),
  chat: (
    <path d="M12 4.25c-4.85 0-8.5 3.2-8.5 7.25 0 1.9.8 3.6 2.15 4.9L5 20l4-1.7c.95.25 1.95.45 3 .45 4.85 0 8.5-3.2 8.5-7.25S16.85 4.25 12 4.25z" />
  ),
  retry: <path d="M19.25 12a7.25 7.25 0 1 1-2.3-5.3M17.5 3.5V7H14" />,
  wifiOff: (
    <path d="M3.5 9.3A13 13 0 0 1 7.7 6.7M11.5 5.7a13 13 0 0 1 9 3.6M6.5 12.7a8.5 8.5 0 0 1 3.7-2.1M14.8 11.2c1 .35 1.9.85 2.7 1.5M9.7 15.9a4 4 0 0 1 4.6 0M12 19h.01M3.5 3.5l17 17" />
  ),
  crown: <path d="M4 8.5 7.8 12 12 6l4.2 6L20 8.5 18.5 17.25h-13z" />,
  callIn: <path d="M18.5 5.5 9 15m0-6.5V15h6.5" />,
  callOut: <path d="M6 18 15.5 8.5m-6.5 0h6.5V15" />,
  speaker: (
    <path d="M4.25 9.75v4.5h3L12 18.25V5.75L7.25 9.75zM15.5 9a4.25 4.25 0 0 1 0 6M18 6.5a7.75 7.75 0 0 1 0 11" />
  ),
  swap: <path d="M7 4.5 3.5 8 7 11.5M4 8h12.5M17 12.5l3.5 3.5-3.5 3.5M20 16H7.5" />,
  attach: (
    <path d="m19.5 11.2-7.6 7.6a4.6 4.6 0 0 1-6.5-6.5l8-8a3.1 3.1 0 0 1 4.4 4.4l-7.9 7.9a1.55 1.55 0 0 1-2.2-2.2l7.1-7.1" />
  ),
  file: (
    <>
      <path d="M13.5 3.75H8A2.75 2.75 0 0 0 5.25 6.5v11A2.75 2.75 0 0 0 8 20.25h8a2.75 2.75 0 0 0 2.75-2.75V9z" />
      <path d="M13.25 3.75V7.5c0 .97.78 1.75 1.75 1.75h3.75" />
    </>
  ),
  download: <path d="M12 4.5v11m-4.75-4.5L12 15.75 16.75 11M5 19.5h14" />,
  play: (
    <path
      d="M8 5.6v12.8a.6.6 0 0 0 .92.5l9.9-6.4a.6.6 0 0 0 0-1l-9.9-6.4a.6.6 0 0 0-.92.5z"
      fill="currentColor"
    />
  ),
  pause: <path d="M8.5 6v12M15.5 6v12" strokeWidth={3.5} />,
  picture: (
    <>
      <rect x="3.75" y="4.75" width="16.5" height="14.5" rx="3" />
      <circle cx="8.75" cy="9.75" r="1.6" />
      <path d="m4 16.5 4.4-3.7a1.5 1.5 0 0 1 2 .05l2.35 2.2 2.6-2.3a1.5 1.5 0 0 1 2 .02L20 15.2" />
    </>
  ),
  plus: <path d="M12 5.25v13.5M5.25 12h13.5" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof strokes;

/** An icon beside text or inside a labelled control: hidden from assistive technology, which reads the label. */
export function Icon({
  name,
  size = 20,
  ...rest
}: { name: IconName; size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      {...rest}
    >
      {strokes[name]}
    </svg>
  );
}

/** The mark of Confab: a speech bubble that is also a C, with somebody inside. */
export function Logo({ size = 40 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 64 64">
      <rect width="64" height="64" rx="17" fill="#0e6e74" />
      <path
        d="M43.9 22.2A15.5 15.5 0 1 0 20 41.8L18.2 49.4 26.2 46.1A15.5 15.5 0 0 0 43.9 41.2"
        fill="none"
        stroke="#fff"
        strokeWidth="5.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="33" cy="31.8" r="4" fill="#ffd08a" />
    </svg>
  );
}
