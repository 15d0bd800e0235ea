/** What the quick switcher offers: conversations with something new first, then those that were open last. Pure. */

import { conversationOf, titleOf } from "./conversations.js";

/**
 * @param {import("./rooms.js").Rooms} rooms
 * @param {string[]} recent  keys of conversations, the last one first
 * @param {(conversation: import("./conversations.js").Conversation) => void} visit
 * @returns {import("./switcher-view.js").Choice[]}
 */
export function openChoices(rooms, recent, visit) {
  const choices = [...rooms.listPublic(), ...rooms.listDirect()].map((summary) => {
    const conversation = conversationOf(summary, rooms);
    return {
      key: conversation.key,
      name: titleOf(conversation, rooms),
      kind: conversation.peer ? "direct" : "room",
      unread: rooms.unreadCount(summary.room.id),
      peer: conversation.peer ?? undefined,
      run: () => visit(conversation),
    };
  });
  const place = ({ key }) => (recent.includes(key) ? recent.indexOf(key) : recent.length);
  return choices.sort((a, b) => (b.unread > 0) - (a.unread > 0) || place(a) - place(b));
}

/**
 * The conversation beside the open one in the list at the side, for the keyboard.
 * @param {import("./rooms.js").Rooms} rooms @param {string} current  its key
 * @param {number} step  1 the next, -1 the one before
 * @param {boolean} unread  only those with something new
 * @returns {import("./conversations.js").Conversation|null}
 */
export function neighbour(rooms, current, step, unread) {
  const all = [...rooms.listPublic(), ...rooms.listDirect()].map((summary) => conversationOf(summary, rooms));
  const from = all.findIndex(({ key }) => key === current);
  for (let away = 1; away <= all.length; away += 1) {
    const one = all[(from + step * away + all.length * 2) % all.length];
    if (one && one.key !== current && (!unread || rooms.unreadCount(one.room) > 0)) return one;
  }
  return null;
}
