import type { PublicUser } from "@confab/sdk";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { client } from "../client";
import { errorText } from "../i18n/errors";
import { navigate } from "../platform/router";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toasts";
import { PeoplePicker } from "./PeoplePicker";

type NewChatProps = { open: boolean; onClose: () => void; onGroup: () => void };

export function NewChatDialog({ open, onClose, onGroup }: NewChatProps) {
  const { t } = useTranslation();
  const create = useMutation({
    mutationFn: (person: PublicUser) => client.messaging.createDirect(person.id),
    onSuccess: (chat) => {
      onClose();
      navigate({ name: "chat", chatId: chat.id });
    },
    onError: (error) => toast(errorText(t, error), "error"),
  });
  return (
    <Dialog open={open} onClose={onClose} title={t("chats.newChat")}>
      <PeoplePicker
        onPick={(person) => !create.isPending && create.mutate(person)}
        busyId={create.isPending ? create.variables.id : undefined}
      >
        <button
          type="button"
          onClick={onGroup}
          className="mt-2 flex items-center gap-3 rounded-xl px-2 py-2 text-left font-medium text-accent hover:bg-hover"
        >
          <span className="grid size-10 place-items-center rounded-full bg-accent-soft">
            <Icon name="people" />
          </span>
          {t("chats.newGroup")}
        </button>
      </PeoplePicker>
    </Dialog>
  );
}
