/** The list of rooms and direct messages, as links with what is unread in them and who is there. */

import { conversationOf, pathOf, titleOf } from "./conversations.js";
import { byId, el, icon, keep } from "./dom.js";
import { face, presenceText } from "./presence-view.js";
import { t, tn } from "./texts.js";

export class SidebarView {
  /** @param {import("./presence.js").Presence} presence */
  constructor(presence) {
    this.presence = presence;
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
    const { room, peer } = conversation;
    const title = titleOf(conversation, rooms);
    const isCurrent = conversation.key === current?.key;
    const news = newsOf(room, rooms);
    const state = peer && peer.id !== rooms.self.id ? this.presence.of(peer.id) : undefined;
    const words = wordsOf(news, state);
    return {
      key: conversation.key,
      stamp: `${title} ${isCurrent} ${state} ${Object.values(news).join(" ")}`,
      make: () =>
        el(
          "li",
          {},
          el(
            "a",
            {
              class: `list-item${news.level === "muted" ? " is-muted" : ""}${isNews(news) ? " has-news" : ""}`,
              href: pathOf(conversation),
              "data-route": true,
              "aria-current": isCurrent && "page",
            },
            peer ? face(peer, state) : el("span", { class: "list-sign" }, icon("hash")),
            el("span", { class: "list-name", dir: "auto" }, title),
            words.length > 0 && el("span", { class: "visually-hidden" }, `(${words.join(", ")})`),
            ...marksOf(news),
          ),
        ),
    };
  }
}

/** What is new in a room, and how much of it the user wants to hear. */
function newsOf(room, rooms) {
  if (room === null) return { unread: 0, mentions: 0, level: "all" };
  return { unread: rooms.unreadCount(room), mentions: rooms.mentionCount(room), level: rooms.level(room) };
}

function isNews({ unread, level }) {
  return unread > 0 && level !== "muted";
}

/** The same in words. */
function wordsOf({ unread, mentions, level }, state) {
  return [
    presenceText(state),
    unread > 0 && tn("{count} unread message", "{count} unread messages", unread),
    mentions > 0 && tn("{count} mentions you", "{count} mention you", mentions),
    level === "muted" && t("muted"),
  ].filter(Boolean);
}

function marksOf({ unread, mentions, level }) {
  const shown = (count) => (count > 99 ? t("99+") : String(count));
  const mark = (kind, text) => el("span", { class: `badge ${kind}`, "aria-hidden": "true" }, text);
  return [
    level === "muted" && el("span", { class: "list-muted" }, icon("muted")),
    mentions > 0 && level !== "muted" && mark("is-mention", `@${shown(mentions)}`),
    unread > 0 && (unread > mentions || level === "muted") && mark(level === "all" ? "is-loud" : "is-quiet", shown(unread)),
  ];
}
