import type { Chat } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../../client";
import { errorText } from "../../i18n/errors";
import { Button } from "../../ui/Button";
import { inputClass } from "../../ui/Field";
import { Icon } from "../../ui/icons";
import { rememberLink } from "./links";

/** Seconds that a link may live. */
const hour = 3600;
const lives = { hour, day: 24 * hour, week: 7 * 24 * hour, month: 30 * 24 * hour, never: null } as const;
type Life = keyof typeof lives;

/** How many people a link may bring. */
const uses = { one: 1, ten: 10, hundred: 100, any: null } as const;
type Uses = keyof typeof uses;

export function NewInvitation({
  chat,
  onMade,
  onCancel,
}: {
  chat: Chat;
  onMade: () => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation();
  const [life, setLife] = useState<Life>("week");
  const [most, setMost] = useState<Uses>("any");
  const make = useMutation({
    mutationFn: () => client.rest.invite(chat.id, { expiresIn: lives[life], maxUses: uses[most] }),
    onSuccess: ({ id, url }) => {
      if (url) rememberLink(id, url);
      onMade();
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    make.mutate();
  }

  return (
    <form onSubmit={submit} className="space-y-4 rounded-2xl bg-sunken p-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label={t("invite.expires")}
          value={life}
          onChange={setLife}
          options={[
            ["hour", t("invite.inHour")],
            ["day", t("invite.inDay")],
            ["week", t("invite.inWeek")],
            ["month", t("invite.inMonth")],
            ["never", t("invite.never")],
          ]}
        />
        <Select
          label={t("invite.maxUses")}
          value={most}
          onChange={setMost}
          options={[
            ["one", t("invite.people", { count: 1 })],
            ["ten", t("invite.people", { count: 10 })],
            ["hundred", t("invite.people", { count: 100 })],
            ["any", t("invite.anyNumber")],
          ]}
        />
      </div>
      {make.error && (
        <p role="alert" className="text-[14px] text-danger">
          {errorText(t, make.error)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button look="ghost" onClick={onCancel}>
          {t("common.cancel")}
        </Button>
        <Button type="submit" look="primary" busy={make.isPending}>
          {t("invite.make")}
        </Button>
      </div>
    </form>
  );
}

function Select<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: [T, string][];
  onChange: (value: T) => void;
}) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-[14px] font-medium text-ink-2">
        {label}
      </label>
      <div className="relative">
        <select
          id={id}
          value={value}
          onChange={(event) => onChange(event.target.value as T)}
          className={`${inputClass} appearance-none pr-10`}
        >
          {options.map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </select>
        <Icon
          name="chevron"
          size={18}
          className="pointer-events-none absolute top-1/2 right-3 -translate-y-1/2 text-ink-3"
        />
      </div>
    </div>
  );
}
