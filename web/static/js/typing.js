/**
 * Who is writing, here and elsewhere. Nothing of it is kept: what is not said again ends by itself. The event
 * `change` carries `{room}`.
 *
 * @typedef {import("./timeline.js").User} User
 */

const LASTS_MILLISECONDS = 6000;
const AGAIN_MILLISECONDS = 3000;

export class Typing extends EventTarget {
  /** @param {User} self @param {(frame: object) => boolean} send @param {() => number} [now]  milliseconds */
  constructor(self, send, now = Date.now) {
    super();
    this.self = self;
    this.send = send;
    this.now = now;
    /** @type {Map<number, Map<number, {user: User, timer: number}>>} by room, then by id */
    this.rooms = new Map();
    this.told = { room: 0, at: -Infinity };
  }

  /** Who is writing in a room, the first one first. @param {number} room @returns {User[]} */
  of(room) {
    return [...(this.rooms.get(room)?.values() ?? [])].map(({ user }) => user);
  }

  /** @param {{room: number, user: User}} frame */
  receive({ room, user }) {
    if (user.id === this.self.id) return;
    const writers = this.rooms.get(room) ?? new Map();
    this.rooms.set(room, writers);
    const before = writers.get(user.id);
    clearTimeout(before?.timer);
    const timer = setTimeout(() => this.#end(room, user.id), LASTS_MILLISECONDS);
    if (before) before.timer = timer;
    else {
      writers.set(user.id, { user, timer });
      this.#tell(room);
    }
  }

  /** What somebody was writing is there. @param {import("./timeline.js").Message} message */
  message({ room, author }) {
    this.#end(room, author.id);
  }

  /** There is no connection, or nothing more to hear of a room. @param {number} [room]  all where it is absent */
  forget(room) {
    for (const one of room === undefined ? [...this.rooms.keys()] : [room]) {
      for (const user of [...(this.rooms.get(one)?.keys() ?? [])]) this.#end(one, user);
    }
  }

  /**
   * The user pressed a key in the composer. Says so every few seconds; an empty text is no writing.
   * @param {number|null} room  null: a direct room that does not exist yet
   * @param {string} text
   */
  typed(room, text) {
    if (room === null || text.trim() === "") return;
    const isNew = room !== this.told.room || this.now() - this.told.at >= AGAIN_MILLISECONDS;
    if (isNew && this.send({ type: "typing", room })) this.told = { room, at: this.now() };
  }

  /** The user sent what they wrote: the next key is news again. */
  sent() {
    this.told = { room: 0, at: -Infinity };
  }

  #end(room, user) {
    const writers = this.rooms.get(room);
    clearTimeout(writers?.get(user)?.timer);
    if (!writers?.delete(user)) return;
    if (writers.size === 0) this.rooms.delete(room);
    this.#tell(room);
  }

  #tell(room) {
    this.dispatchEvent(new CustomEvent("change", { detail: { room } }));
  }
}
