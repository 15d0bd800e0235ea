/**
 * The user's rooms: what the list at the side shows. Pure: no DOM, no network.
 *
 * @typedef {import("./timeline.js").User} User
 * @typedef {import("./timeline.js").Message} Message
 * @typedef {{id: number, kind: "public"|"direct", name: string|null, member_count: number, version: number,
 *   members?: User[]}} Room
 * @typedef {{room: Room, role: string, head: number, last_number: number, last_read: number, marker: number}} Summary
 */

export const GENERAL = 1; // the room that everyone is in

export class Rooms {
  /** @param {User} self @param {Summary[]} summaries */
  constructor(self, summaries = []) {
    this.self = self;
    /** @type {Map<number, Summary>} */
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
      this.put(summary);
    }
  }

  /** The user is in this room. What is held stays where it is newer. @param {Summary} summary */
  put(summary) {
    const held = this.byId.get(summary.room.id);
    if (!held) {
      this.byId.set(summary.room.id, { ...summary });
      return;
    }
    held.role = summary.role;
    held.head = Math.max(held.head, summary.head);
    held.last_number = Math.max(held.last_number, summary.last_number);
    this.marker({ room: summary.room.id, last_read: summary.last_read, marker: summary.marker });
    this.state(summary.room);
  }

  /** @param {number} id @returns {boolean} whether it was there */
  remove(id) {
    return this.byId.delete(id);
  }

  /** @param {number} id */
  get(id) {
    return this.byId.get(id);
  }

  /** @param {Message} message */
  message(message) {
    const held = this.byId.get(message.room);
    if (!held) return;
    held.head = Math.max(held.head, message.version);
    held.last_number = Math.max(held.last_number, message.number);
    // Who writes has read what stands before; the server keeps it so too.
    if (message.author.id === this.self.id) held.last_read = Math.max(held.last_read, message.number);
  }

  /** A room's own state, where it is newer than the one held. @param {Room} room */
  state(room) {
    const held = this.byId.get(room.id);
    if (!held) return;
    held.head = Math.max(held.head, room.version);
    if (room.version < held.room.version) return;
    held.room = { ...room, members: room.members?.length ? room.members : held.room.members };
  }

  /**
   * The read marker moved, here or on another device.
   * @param {{room: number, last_read: number, marker: number}} marker
   */
  marker({ room, last_read, marker }) {
    const held = this.byId.get(room);
    if (!held || marker < held.marker) return;
    held.last_read = marker > held.marker ? last_read : Math.max(held.last_read, last_read);
    held.marker = marker;
  }

  /**
   * The user sees everything up to `number` now.
   * @param {number} room
   * @param {number} number
   * @returns {boolean} whether that is news
   */
  read(room, number) {
    const held = this.byId.get(room);
    if (!held || held.last_read >= number) return false;
    held.last_read = number;
    return true;
  }

  /** Messages that the user has not read. @param {number} room */
  unread(room) {
    const held = this.byId.get(room);
    return held ? Math.max(0, held.last_number - held.last_read) : 0;
  }

  totalUnread() {
    return [...this.byId.keys()].reduce((sum, room) => sum + this.unread(room), 0);
  }

  /**
   * The other person of a direct room; oneself where one is alone in it.
   * @param {Room} room
   * @returns {User}
   */
  peer(room) {
    return room.members?.find((user) => user.id !== this.self.id) ?? this.self;
  }

  /** The direct room with a user. @param {number} user @returns {Summary|undefined} */
  directWith(user) {
    return this.#all("direct").find((summary) => this.peer(summary.room).id === user);
  }

  /** @returns {Summary[]} the room of everyone first, then by name */
  listPublic() {
    return this.#all("public").sort(
      (a, b) => (b.room.id === GENERAL) - (a.room.id === GENERAL) || compare(a.room.name, b.room.name),
    );
  }

  /** @returns {Summary[]} one's own notes first, then by the other's name */
  listDirect() {
    const isSelf = (summary) => this.peer(summary.room).id === this.self.id;
    return this.#all("direct").sort(
      (a, b) => isSelf(b) - isSelf(a) || compare(this.peer(a.room).name, this.peer(b.room).name),
    );
  }

  #all(kind) {
    return [...this.byId.values()].filter((summary) => summary.room.kind === kind);
  }
}

/** @param {string|null} one @param {string|null} other */
function compare(one, other) {
  return (one ?? "").localeCompare(other ?? "", undefined, { sensitivity: "base", numeric: true });
}
