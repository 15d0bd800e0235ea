/** The head of the open conversation: what it is called and about, who is in it. */

import { titleOf } from "./conversations.js";
import { byId } from "./dom.js";
import { presenceText } from "./presence-view.js";
import { t, tn } from "./texts.js";

export class HeaderView {
  /** @param {import("./presence.js").Presence} presence */
  constructor(presence) {
    this.presence = presence;
    this.title = byId("conversation-title");
    this.about = byId("conversation-about");
    this.members = byId("open-members");
    this.count = byId("member-count");
    this.details = byId("open-details");
  }

  /**
   * @param {import("./rooms.js").Rooms} rooms
   * @param {import("./conversations.js").Conversation} conversation
   */
  show(rooms, conversation) {
    const { room, peer } = conversation;
    const held = room === null ? undefined : rooms.get(room);
    const count = held?.room.member_count ?? 0;
    this.title.textContent = titleOf(conversation, rooms);
    this.about.textContent = peer ? this.#aboutPerson(peer, rooms.self) : held?.room.topic || members(count);
    this.about.title = this.about.textContent;
    this.members.hidden = Boolean(peer);
    this.members.setAttribute("aria-label", members(count));
    this.members.title = members(count);
    this.count.textContent = String(count);
    this.details.hidden = !held;
  }

  #aboutPerson(peer, self) {
    if (peer.id === self.id) return t("Only you can read this.");
    return presenceText(this.presence.of(peer.id)) || t("Direct messages with {name}", { name: peer.name });
  }
}

function members(count) {
  return tn("{count} member", "{count} members", count);
}
