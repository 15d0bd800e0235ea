/**
 * A conversation is what has a URL: a public room, or a direct one, which may have no room yet.
 * Pure.
 *
 * @typedef {object} Conversation
 * @property {string} key  of its queue in the outbox and of its draft
 * @property {number|null} room
 * @property {import("./timeline.js").User|null} peer  of a direct conversation
 */

import { t } from "./texts.js";

/**
 * @param {import("./rooms.js").Summary} summary
 * @param {import("./rooms.js").Rooms} rooms
 * @returns {Conversation}
 */
export function conversationOf(summary, rooms) {
  if (summary.room.kind === "direct") return directConversation(rooms.peer(summary.room), rooms);
  return { key: `room:${summary.room.id}`, room: summary.room.id, peer: null };
}

/**
 * @param {import("./timeline.js").User} peer
 * @param {import("./rooms.js").Rooms} rooms
 * @returns {Conversation}
 */
export function directConversation(peer, rooms) {
  return { key: `direct:${peer.id}`, room: rooms.directWith(peer.id)?.room.id ?? null, peer };
}

/** @param {Conversation} conversation */
export function pathOf({ room, peer }) {
  return peer ? `/direct/${encodeURIComponent(peer.name)}` : `/rooms/${room}`;
}

/** @param {Conversation} conversation @param {import("./rooms.js").Rooms} rooms */
export function titleOf({ room, peer }, rooms) {
  if (peer) return peer.id === rooms.self.id ? t("Notes to yourself") : peer.name;
  return rooms.get(room)?.room.name ?? "";
}

/** @param {string} path @returns {{room: number}|{direct: string}|null} */
export function targetOf(path) {
  const [, room, name] = path.match(/^\/(?:rooms\/(\d+)|direct\/([^/]+))\/?$/) ?? [];
  if (room) return { room: Number(room) };
  return name ? { direct: decodeURIComponent(name) } : null;
}

/** The number of a message that an address names, as in `/rooms/1#42`. @param {string} hash */
export function numberOf(hash) {
  const number = Number(hash.match(/^#([1-9]\d{0,15})$/)?.[1]);
  return Number.isSafeInteger(number) ? number : null;
}

/**
 * What a user may have typed for a nickname: spaces around it and an @ before it do not count.
 * @param {string} typed
 */
export function nicknameOf(typed) {
  return typed.trim().replace(/^@/, "");
}
