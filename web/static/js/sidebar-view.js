/** The list of rooms and direct messages, as links with their unread counts. */

import { avatar } from "./avatar.js";
import { conversationOf, pathOf, titleOf } from "./conversations.js";
import { byId, el, icon, keep } from "./dom.js";
import { t, tn } from "./texts.js";

export class SidebarView {
  constructor() {
    this.rooms = byId("room-list");
    this.direct = byId("direct-list");
    this.noDirect = byId("no-direct");
  }

  /**
   * @param {import("./rooms.js").Rooms} rooms
   * @param {import("./conversations.js").Conversation|null} current
   */
  show(rooms, current) {
    const conversations = (summaries) => summaries.map((summary) => conversationOf(summary, rooms));
    const direct = conversations(rooms.listDirect());
    // A direct conversation that nobody has written in has no room yet, and is open all the same.
    if (current?.peer && !direct.some((one) => one.key === current.key)) direct.push(current);
    keep(
      this.rooms,
      conversations(rooms.listPublic()).map((one) => this.#item(one, rooms, current)),
    );
    keep(
      this.direct,
      direct.map((one) => this.#item(one, rooms, current)),
    );
    this.noDirect.hidden = direct.length > 0;
  }

  #item(conversation, rooms, current) {
    const title = titleOf(conversation, rooms);
    const isCurrent = conversation.key === current?.key;
    const unread = conversation.room === null ? 0 : rooms.unreadCount(conversation.room);
    return {
      key: conversation.key,
      stamp: `${title} ${isCurrent} ${unread}`,
      make: () =>
        el(
          "li",
          {},
          el(
            "a",
            {
              class: "list-item",
              href: pathOf(conversation),
              "data-route": true,
              "aria-current": isCurrent && "page",
            },
            conversation.peer ? avatar(conversation.peer) : el("span", { class: "list-sign" }, icon("hash")),
            el("span", { class: "list-name", dir: "auto" }, title),
            unread > 0 && badge(unread),
          ),
        ),
    };
  }
}

function badge(count) {
  return el(
    "span",
    { class: "badge" },
    el("span", { "aria-hidden": "true" }, count > 99 ? t("99+") : String(count)),
    el("span", { class: "visually-hidden" }, tn("{count} unread message", "{count} unread messages", count)),
  );
}
