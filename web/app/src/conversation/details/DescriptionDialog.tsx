import type { Chat } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../../client";
import { errorText } from "../../i18n/errors";
import { descriptionLimit } from "../../limits";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { inputClass } from "../../ui/Field";

export function DescriptionDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState(chat.description);
  const save = useMutation({
    mutationFn: () => client.messaging.describe(chat.id, text.trim()),
    onSuccess: onClose,
  });
  const left = descriptionLimit - [...text].length;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (left >= 0) save.mutate();
  }

  return (
    <Dialog open onClose={onClose} title={t("members.descriptionTitle")}>
      <form noValidate onSubmit={submit} className="space-y-4 pt-1">
        <div>
          <label htmlFor={id} className="sr-only">
            {t("members.description")}
          </label>
          <textarea
            id={id}
            rows={5}
            value={text}
            dir="auto"
            autoFocus
            placeholder={t("members.descriptionPlaceholder")}
            aria-invalid={left < 0 || undefined}
            aria-describedby={`${id}-note`}
            onChange={(event) => setText(event.target.value)}
            className={`${inputClass} h-auto resize-none py-2.5 leading-6`}
          />
          <p
            id={`${id}-note`}
            role={save.error ? "alert" : undefined}
            className={`mt-1 text-[13px] ${save.error || left < 0 ? "text-danger" : "text-ink-3"}`}
          >
            {save.error
              ? errorText(t, save.error)
              : left < 0
                ? t("composer.over", { count: -left })
                : t("composer.left", { count: left })}
          </p>
        </div>
        <Button type="submit" look="primary" busy={save.isPending} disabled={left < 0} className="w-full">
          {t("common.save")}
        </Button>
      </form>
    </Dialog>
  );
}
