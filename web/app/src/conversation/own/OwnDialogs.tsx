import { useTranslation } from "react-i18next";
import { Confirm } from "../../ui/Confirm";
import { Dialog } from "../../ui/Dialog";
import { Icon } from "../../ui/icons";
import type { MuteSpan } from "./mute";
import type { OwnSettings } from "./useOwnSettings";

export type OwnDialog = "mute" | "block" | null;

/** What is asked before a chat is muted or its other side blocked. */
export function OwnDialogs({
  own,
  open,
  onClose,
}: {
  own: OwnSettings;
  open: OwnDialog;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const spans: { span: MuteSpan; label: string }[] = [
    { span: "hour", label: t("own.forHour") },
    { span: "eight", label: t("own.forEightHours") },
    { span: "day", label: t("own.forDay") },
    { span: "week", label: t("own.forWeek") },
    { span: "always", label: t("own.forGood") },
  ];
  return (
    <>
      <Dialog
        open={open === "mute"}
        onClose={onClose}
        title={t("own.muteTitle")}
        description={t("own.muteText")}
      >
        <ul className="overflow-hidden rounded-2xl border border-line">
          {spans.map(({ span, label }) => (
            <li key={span} className="not-first:border-t not-first:border-line">
              <button
                type="button"
                className="flex w-full items-center gap-3 px-4 py-3 text-left transition-colors hover:bg-hover focus-visible:-outline-offset-2"
                onClick={() => {
                  own.mute(span);
                  onClose();
                }}
              >
                <Icon name="bellOff" className="text-ink-3" />
                {label}
              </button>
            </li>
          ))}
        </ul>
      </Dialog>
      <Confirm
        open={open === "block"}
        onClose={onClose}
        onConfirm={() => own.block(true)}
        title={t("own.blockTitle", { name: own.other?.displayName ?? "" })}
        text={t("own.blockText")}
        action={t("own.block")}
      />
    </>
  );
}
