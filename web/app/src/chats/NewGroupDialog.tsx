import type { PublicUser } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { groupNameLimit } from "../limits";
import { navigate } from "../platform/router";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { ChosenPeople } from "./ChosenPeople";
import { PeoplePicker } from "./PeoplePicker";

export function NewGroupDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly PublicUser[]>([]);
  const [checked, setChecked] = useState(false);
  const create = useMutation({
    mutationFn: () =>
      client.messaging.createGroup(
        name.trim(),
        chosen.map((person) => person.id),
      ),
    onSuccess: (chat) => {
      close();
      navigate({ name: "chat", chatId: chat.id });
    },
  });

  function close() {
    onClose();
    setName("");
    setChosen([]);
    setChecked(false);
    create.reset();
  }

  function toggle(person: PublicUser) {
    const without = chosen.filter((other) => other.id !== person.id);
    setChosen(without.length < chosen.length ? without : [...chosen, person]);
  }

  function submit() {
    setChecked(true);
    if (name.trim() && chosen.length > 0) create.mutate();
  }

  const nobody = checked && chosen.length === 0 ? t("people.groupMembersMissing") : undefined;
  const problem = create.error ? errorText(t, create.error) : nobody;

  return (
    <Dialog
      open={open}
      onClose={close}
      title={t("chats.newGroup")}
      footer={
        <>
          <p role="alert" className="mr-auto self-center text-[14px] text-danger">
            {problem}
          </p>
          <Button look="primary" busy={create.isPending} onClick={submit}>
            {t("people.create")}
          </Button>
        </>
      }
    >
      <Field
        label={t("people.groupName")}
        placeholder={t("people.groupNamePlaceholder")}
        value={name}
        maxLength={groupNameLimit}
        onChange={(event) => setName(event.target.value)}
        error={checked && !name.trim() ? t("people.groupNameMissing") : undefined}
        className="mb-4"
      />
      <PeoplePicker onPick={toggle} chosen={new Set(chosen.map((person) => person.id))}>
        <ChosenPeople people={chosen} onRemove={toggle} />
      </PeoplePicker>
    </Dialog>
  );
}
