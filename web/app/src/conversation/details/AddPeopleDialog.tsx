import type { Chat, PublicUser } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ChosenPeople } from "../../chats/ChosenPeople";
import { PeoplePicker } from "../../chats/PeoplePicker";
import { client } from "../../client";
import { errorText } from "../../i18n/errors";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { toast } from "../../ui/toasts";

export function AddPeopleDialog({ chat, open, onClose }: { chat: Chat; open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<readonly PublicUser[]>([]);
  const members = useMemo(() => new Set(chat.members.map((member) => member.userId)), [chat.members]);
  const add = useMutation({
    // One after the other: whoever was added stays so if a later one is refused, and is passed over the next time.
    mutationFn: async () => {
      for (const { id } of chosen) if (!members.has(id)) await client.messaging.addMember(chat.id, id);
    },
    onSuccess: () => {
      toast(t("members.added", { count: chosen.length }), "ok");
      close();
    },
    onError: (error) => toast(errorText(t, error), "error"),
  });

  function close() {
    setChosen([]);
    onClose();
  }

  function toggle(person: PublicUser) {
    const without = chosen.filter((other) => other.id !== person.id);
    setChosen(without.length < chosen.length ? without : [...chosen, person]);
  }

  return (
    <Dialog
      open={open}
      onClose={close}
      title={t("members.addTitle", { name: chat.name })}
      footer={
        <Button
          look="primary"
          busy={add.isPending}
          disabled={chosen.length === 0}
          onClick={() => add.mutate()}
        >
          {t("common.add")}
        </Button>
      }
    >
      <PeoplePicker
        onPick={toggle}
        chosen={new Set(chosen.map((person) => person.id))}
        barred={members}
        barredText={t("members.already")}
      >
        <ChosenPeople people={chosen} onRemove={toggle} />
      </PeoplePicker>
    </Dialog>
  );
}
