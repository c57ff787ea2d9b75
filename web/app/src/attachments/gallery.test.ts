import type { Message } from "@confab/sdk";
import { expect, it } from "vitest";
import { galleryOf } from "./gallery";

const attachment = (id: string, mime: string) => ({ id, mime, width: 4, height: 3 });
const message = (...attachments: ReturnType<typeof attachment>[]) => ({ attachments }) as unknown as Message;

it("is every picture and video of a chat in its order, and nothing else", () => {
  const messages = [
    message(attachment("a", "image/jpeg"), attachment("b", "application/pdf"), attachment("c", "video/mp4")),
    message(),
    message(attachment("d", "audio/webm"), attachment("e", "image/webp")),
  ];
  expect(galleryOf(messages).map((each) => each.attachment.id)).toEqual(["a", "c", "e"]);
  expect(galleryOf(messages)[2]?.message).toBe(messages[2]);
});
