import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { useMe } from "../hooks";
import { errorText } from "../i18n/errors";
import { displayNameLimit } from "../limits";
import { EditableAvatar } from "../picture/EditableAvatar";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import { toast } from "../ui/toasts";

export function ProfileForm() {
  const { t } = useTranslation();
  const me = useMe();
  const [name, setName] = useState(me.displayName);
  const save = useMutation({
    mutationFn: () => client.messaging.updateProfile({ displayName: name.trim() }),
    onSuccess: (profile) => {
      setName(profile.displayName);
      toast(t("common.saved"), "ok");
    },
  });
  const changed = name.trim() !== me.displayName && name.trim() !== "";

  function submit(event: FormEvent) {
    event.preventDefault();
    if (changed) save.mutate();
  }

  return (
    <div className="flex flex-col gap-5 sm:flex-row">
      <div className="self-center sm:self-start">
        <EditableAvatar
          id={me.id}
          name={me.displayName}
          url={me.avatarUrl}
          size={84}
          save={(picture) => client.messaging.setAvatar(picture)}
        />
      </div>
      <form noValidate onSubmit={submit} className="min-w-0 flex-1 space-y-4">
        <Field
          label={t("auth.displayName")}
          value={name}
          maxLength={displayNameLimit}
          autoComplete="name"
          onChange={(event) => setName(event.target.value)}
          error={save.error ? errorText(t, save.error) : undefined}
        />
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5 text-[14px]">
          <dt className="text-ink-3">{t("auth.username")}</dt>
          <dd className="truncate">@{me.username}</dd>
          <dt className="text-ink-3">{t("auth.email")}</dt>
          <dd className="truncate">{me.email}</dd>
        </dl>
        <Button type="submit" look="primary" busy={save.isPending} disabled={!changed}>
          {t("common.save")}
        </Button>
      </form>
    </div>
  );
}
