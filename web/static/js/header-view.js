/** The head of the open conversation. */

import { titleOf } from "./conversations.js";
import { byId } from "./dom.js";
import { GENERAL } from "./rooms.js";
import { t, tn } from "./texts.js";

export class HeaderView {
  constructor() {
    this.title = byId("conversation-title");
    this.about = byId("conversation-about");
    this.leave = byId("leave");
  }

  /**
   * @param {import("./rooms.js").Rooms} rooms
   * @param {import("./conversations.js").Conversation} conversation
   */
  show(rooms, conversation) {
    const title = titleOf(conversation, rooms);
    const summary = conversation.room === null ? undefined : rooms.get(conversation.room);
    this.title.textContent = title;
    this.about.textContent = conversation.peer
      ? conversation.peer.id === rooms.self.id
        ? t("Only you can read this.")
        : t("Direct messages with {name}", { name: conversation.peer.name })
      : tn("{count} member", "{count} members", summary?.room.member_count ?? 0);
    this.leave.hidden = Boolean(conversation.peer) || conversation.room === GENERAL;
  }
}
