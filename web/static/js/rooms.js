/**
 * The user's rooms: what the list at the side shows. Pure: no DOM, no network.
 *
 * @typedef {import("./timeline.js").User} User
 * @typedef {import("./timeline.js").Message} Message
 * @typedef {{id: number, kind: "public"|"direct", name: string|null, member_count: number, version: number,
 *   members?: User[], topic?: string}} Room
 * @typedef {import("./own-state.js").Marker} Marker
 * @typedef {{room: Room, role: string, head: number, last_number: number, last_read: number, marker: number,
 *   level?: import("./own-state.js").Level, mentions?: number[], seen?: number}} Summary  as the server sends it
 * @typedef {object} Held
 * @property {Room} room  its `topic` is "" where there is none
 * @property {string} role  "owner" or "member"
 * @property {number} head  version of its last change
 * @property {number} last_number  of its last message
 * @property {number} seen  in a direct room: the number up to which the other has ever read
 * @property {OwnState} own
 */

import { OwnState } from "./own-state.js";

export const GENERAL = 1; // the room that everyone is in

export class Rooms {
  /** @param {User} self @param {Summary[]} summaries */
  constructor(self, summaries = []) {
    this.self = self;
    /** @type {Map<number, Held>} */
    this.byId = new Map();
    this.replace(summaries);
  }

  /**
   * These are all rooms of the user now.
   * @param {Summary[]} summaries
   * @param {{fresh?: boolean}} [options]  `fresh`: nothing held counts
   */
  replace(summaries, { fresh = false } = {}) {
    const held = fresh ? new Map() : this.byId;
    this.byId = new Map();
    for (const summary of summaries) {
      const before = held.get(summary.room.id);
      if (before) this.byId.set(summary.room.id, before);
      this.put(summary, { whole: true });
    }
  }

  /**
   * The user is in this room. What is held stays where it is newer.
   * @param {Summary} summary @param {{whole?: boolean}} [options]  as of `OwnState.take`
   */
  put(summary, options) {
    const { room, role, head, last_number, seen = 0 } = summary;
    const marker = { ...summary, room: room.id };
    const held = this.byId.get(room.id);
    if (!held) {
      const own = new OwnState(marker);
      this.byId.set(room.id, { room: { topic: "", ...room }, role, head, last_number, seen, own });
      return;
    }
    held.role = role;
    held.head = Math.max(held.head, head);
    held.last_number = Math.max(held.last_number, last_number);
    held.seen = Math.max(held.seen, seen);
    held.own.take(marker, options);
    this.state(room);
  }

  /** @param {number} id @returns {boolean} whether it was there */
  remove(id) {
    return this.byId.delete(id);
  }

  /** @param {number} id */
  get(id) {
    return this.byId.get(id);
  }

  /** A message as it is now: it came, or was changed, or was read as part of a page. @param {Message} message */
  message(message) {
    const held = this.byId.get(message.room);
    if (!held) return;
    const isOwn = message.author.id === this.self.id;
    // Who writes has read what stands before; the server keeps it so too. What is changed later tells nothing.
    if (isOwn && message.number > held.last_number) held.own.wrote(message.number);
    held.head = Math.max(held.head, message.version);
    held.last_number = Math.max(held.last_number, message.number);
    // The same is so of the other in a direct room, and nothing else tells of it.
    if (!isOwn && held.room.kind === "direct") held.seen = Math.max(held.seen, message.number);
    const called = message.everyone || message.mentions?.includes(this.self.id);
    held.own.message(message, Boolean(called) && !isOwn);
  }

  /** A room's own state, where it is newer than the one held. @param {Room} room */
  state(room) {
    const held = this.byId.get(room.id);
    if (!held) return;
    held.head = Math.max(held.head, room.version);
    if (room.version < held.room.version) return;
    const members = room.members?.length ? room.members : held.room.members;
    held.room = { topic: "", ...room, members };
  }

  /** What is the user's own in a room changed, here or on another device. @param {Marker} marker */
  marker(marker) {
    this.byId.get(marker.room)?.own.take(marker);
  }

  /** The other of a direct room has read up to `number`. @param {{room: number, user: number, number: number}} seen */
  seen({ room, user, number }) {
    const held = this.byId.get(room);
    if (held && user !== this.self.id) held.seen = Math.max(held.seen, number);
  }

  /** The user came to a room: what they see of it counts as read again. @param {number} room */
  visited(room) {
    const own = this.byId.get(room)?.own;
    if (own) own.isKept = false;
  }

  /** What the user wants and no marker has answered: frames for the daemon. */
  wanted() {
    return [...this.byId.values()].flatMap(({ own }) => own.wanted ?? []);
  }

  /** The number up to which the user has read. @param {number} room */
  lastRead(room) {
    return this.byId.get(room)?.own.lastRead ?? 0;
  }

  /** Messages that the user has not read. @param {number} room */
  unreadCount(room) {
    const held = this.byId.get(room);
    return held ? Math.max(0, held.last_number - held.own.lastRead) : 0;
  }

  /** Unread messages that mention the user; 100 means 100 or more. @param {number} room */
  mentionCount(room) {
    return this.byId.get(room)?.own.mentions.size ?? 0;
  }

  /** What calls the user in a room. @param {number} room @returns {import("./own-state.js").Level} */
  level(room) {
    return this.byId.get(room)?.own.level ?? "all";
  }

  /** Unread messages of all rooms that are not muted. */
  totalUnread() {
    return this.#total((room) => this.unreadCount(room));
  }

  /**
   * The other person of a direct room; oneself where one is alone in it.
   * @param {Room} room
   * @returns {User}
   */
  peer(room) {
    return room.members?.find((user) => user.id !== this.self.id) ?? this.self;
  }

  /** Ids of the people of direct rooms, but oneself. */
  partners() {
    const peers = this.#all("direct").map((summary) => this.peer(summary.room).id);
    return peers.filter((id) => id !== this.self.id);
  }

  /** The direct room with a user. @param {number} user @returns {Held|undefined} */
  directWith(user) {
    return this.#all("direct").find((summary) => this.peer(summary.room).id === user);
  }

  /** @returns {Held[]} the room of everyone first, then by name */
  listPublic() {
    return this.#all("public").sort(
      (a, b) => (b.room.id === GENERAL) - (a.room.id === GENERAL) || compare(a.room.name, b.room.name),
    );
  }

  /** @returns {Held[]} one's own notes first, then by the other's name */
  listDirect() {
    const isSelf = (summary) => this.peer(summary.room).id === this.self.id;
    return this.#all("direct").sort(
      (a, b) => isSelf(b) - isSelf(a) || compare(this.peer(a.room).name, this.peer(b.room).name),
    );
  }

  /** Unread messages for the user themselves: direct ones and those that mention them. */
  totalCalls() {
    const isDirect = (room) => this.byId.get(room)?.room.kind === "direct";
    return this.#total((room) => (isDirect(room) ? this.unreadCount(room) : this.mentionCount(room)));
  }

  #total(count) {
    const heard = [...this.byId.keys()].filter((room) => this.level(room) !== "muted");
    return heard.reduce((sum, room) => sum + count(room), 0);
  }

  #all(kind) {
    return [...this.byId.values()].filter((summary) => summary.room.kind === kind);
  }
}

/** @param {string|null} one @param {string|null} other */
function compare(one, other) {
  return (one ?? "").localeCompare(other ?? "", undefined, { sensitivity: "base", numeric: true });
}
