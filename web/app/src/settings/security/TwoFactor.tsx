import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../../hooks";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { DisableTotpDialog } from "./DisableTotpDialog";
import { EnableTotpDialog } from "./EnableTotpDialog";

/** The second factor: whether there is one, and the way to change that. */
export function TwoFactor() {
  const { t } = useTranslation();
  const on = useMe().totpEnabled;
  // Which of the two is open does not follow `on`: the recovery codes are shown when it is on already.
  const [open, setOpen] = useState<"enable" | "disable" | null>(null);
  const close = () => setOpen(null);
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
      <span
        className={`grid size-10 shrink-0 place-items-center rounded-xl ${on ? "bg-accent-soft text-accent" : "bg-sunken text-ink-2"}`}
      >
        <Icon name="shield" />
      </span>
      <div className="min-w-0 flex-1 basis-44">
        <p className="font-medium">{on ? t("totp.on") : t("totp.off")}</p>
        <p className="text-[14px] text-ink-3">{t("totp.hint")}</p>
      </div>
      <Button look={on ? "danger" : "primary"} onClick={() => setOpen(on ? "disable" : "enable")}>
        {on ? t("totp.turnOff") : t("totp.turnOn")}
      </Button>
      {open === "enable" && <EnableTotpDialog onClose={close} />}
      {open === "disable" && <DisableTotpDialog onClose={close} />}
    </div>
  );
}
