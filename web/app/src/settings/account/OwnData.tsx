import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { DeleteAccountDialog } from "./DeleteAccountDialog";
import { ExportDialog } from "./ExportDialog";

/** Taking one's data along, and going. */
export function OwnData() {
  const { t } = useTranslation();
  const [open, setOpen] = useState<"export" | "delete" | null>(null);
  const close = () => setOpen(null);
  return (
    <div className="space-y-5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-56">
          <p className="font-medium">{t("account.export")}</p>
          <p className="text-[14px] text-ink-3">{t("account.exportHint")}</p>
        </div>
        <Button icon="download" onClick={() => setOpen("export")}>
          {t("common.download")}
        </Button>
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3 border-t border-line pt-5">
        <div className="min-w-0 flex-1 basis-56">
          <p className="font-medium">{t("account.delete")}</p>
          <p className="text-[14px] text-ink-3">{t("account.deleteHint")}</p>
        </div>
        <Button look="danger" icon="trash" onClick={() => setOpen("delete")}>
          {t("account.deleteShort")}
        </Button>
      </div>
      {open === "export" && <ExportDialog onClose={close} />}
      {open === "delete" && <DeleteAccountDialog onClose={close} />}
    </div>
  );
}
