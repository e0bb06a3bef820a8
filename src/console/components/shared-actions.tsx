/** What brings others to a channel: the lines for an agent, a link for who watches. */
import type { JSX } from "preact";
import { copy, notifyProblem, session, sheet } from "../app.ts";
import type { Conversation } from "../conversation.ts";
import { HUB_URL } from "../place.ts";
import { formatRoute } from "../route.ts";
import { IconButton } from "./icon.tsx";

export function SharedActions({ conversation }: { conversation: Conversation }): JSX.Element {
  const title = conversation.detail.value?.name;
  const share = async (): Promise<void> => {
    try {
      const ticket = (await session.value?.watchTicket(conversation.id)) ?? "";
      const link = formatRoute({
        name: "watch",
        channel_id: conversation.id,
        ticket,
        ...(title !== undefined && { title }),
      });
      await copy(`${HUB_URL}/${link}`, "Watch-only link, good for a day,");
    } catch (error) {
      notifyProblem(error);
    }
  };
  return (
    <>
      <IconButton icon="plug" label="Connect an agent" onClick={() => (sheet.value = "connect")} />
      <IconButton icon="link" label="Copy a watch-only link" onClick={() => void share()} />
    </>
  );
}
