import { Icon, type IconName } from "../ui/icons";

/** How far something has come (0 to 1; undefined: it waits; null: it stands), around the button that stops it or brings it back. */
export function ProgressRing({
  progress,
  icon,
  label,
  onClick,
}: {
  progress: number | undefined | null;
  icon: IconName;
  label: string;
  onClick: () => void;
}) {
  const around = 2 * Math.PI * 20;
  const shown = progress === null ? 0 : progress === undefined ? 0.18 : Math.max(0.03, progress);
  return (
    <button
      type="button"
      aria-label={label}
      data-testid="upload-progress"
      data-progress={progress?.toFixed(2)}
      onClick={onClick}
      className="relative grid size-12 shrink-0 place-items-center rounded-full bg-black/55 text-white backdrop-blur-sm transition hover:bg-black/70 active:scale-95"
    >
      <svg
        aria-hidden="true"
        viewBox="0 0 48 48"
        className={
          progress === undefined
            ? "absolute inset-0 animate-spin [animation-duration:1.6s]"
            : "absolute inset-0 -rotate-90"
        }
      >
        <circle
          cx="24"
          cy="24"
          r="20"
          fill="none"
          stroke="currentColor"
          strokeWidth="3"
          strokeLinecap="round"
          opacity={progress === null ? 0 : 1}
          strokeDasharray={`${around * shown} ${around}`}
          className="transition-[stroke-dasharray] duration-200"
        />
      </svg>
      <Icon name={icon} size={20} />
    </button>
  );
}
