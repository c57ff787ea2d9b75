import type { Chat } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../../client";
import { errorText } from "../../i18n/errors";
import { groupNameLimit } from "../../limits";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";

export function RenameDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(chat.name);
  const rename = useMutation({
    mutationFn: () => client.messaging.rename(chat.id, name.trim()),
    onSuccess: onClose,
  });
  const missing = name.trim() === "" ? t("people.groupNameMissing") : undefined;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!missing) rename.mutate();
  }

  return (
    <Dialog open onClose={onClose} title={t("members.renameTitle")}>
      <form noValidate onSubmit={submit} className="space-y-4 pt-1">
        <Field
          label={t("people.groupName")}
          value={name}
          maxLength={groupNameLimit}
          autoFocus
          onFocus={(event) => event.target.select()}
          onChange={(event) => setName(event.target.value)}
          error={rename.error ? errorText(t, rename.error) : missing}
        />
        <Button type="submit" look="primary" busy={rename.isPending} className="w-full">
          {t("common.save")}
        </Button>
      </form>
    </Dialog>
  );
}
