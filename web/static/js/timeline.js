/**
 * One room's loaded messages and the gap rule. Pure: no DOM, no network, no clock.
 *
 * A room is a numbered log of changes. `cursor` is the version up to which every change is in
 * `rows`; `head` is the newest version that anybody has told us of; `floor`, where it is set, is
 * an older version from which some rows must be read again. The rows are a window of the log that is
 * open at one end or both: `more` older ones and `newer` ones are not loaded. Changes of rows outside
 * of it are dropped; they come with their page. What to do next comes back to the caller as `Todo`.
 *
 * @typedef {{id: number, name: string}} User
 * @typedef {{room: number, number: number, version: number, author: User, client_id: string, body: string,
 *   body_version: number, at: number, edited_at?: number|null, deleted?: boolean, reply_to?: number|null,
 *   reactions?: {emoji: string, users: number[]}[], mentions?: number[], everyone?: boolean}} Message
 * @typedef {{room: {id: number}, version: number, messages: Message[], more: boolean, newer?: boolean}} Page
 * @typedef {{room: number, from: number, to: number, messages?: Message[]}} Changes
 * @typedef {object} Todo
 * @property {boolean} changed  whether `rows` are other than before
 * @property {Message[]} fresh  messages that were never shown and stand at the end
 * @property {number} [sync]  ask the daemon for the changes after this version
 * @property {boolean} [load]  load the newest page
 */

export class Timeline {
  /** @param {number} room */
  constructor(room) {
    this.room = room;
    /** @type {Message[]} ascending by number, without holes from the oldest that was loaded to the newest */
    this.rows = [];
    /** @type {number|null} null: nothing is loaded yet */
    this.cursor = null;
    this.head = 0;
    /** @type {number|null} */
    this.floor = null;
    /** whether older messages stand before the first row */
    this.more = false;
    /** whether newer messages, which are not loaded, stand after the last row */
    this.newer = false;
    /** counts the resets, so that a page asked for before one is known to be void */
    this.generation = 0;
    /** @type {number|null} the version after which the open question asks */
    this.asked = null;
  }

  get loaded() {
    return this.cursor !== null;
  }

  /** The version to resume from: everything up to it is held. */
  get position() {
    return this.floor === null ? this.cursor : Math.min(this.floor, this.cursor);
  }

  get newest() {
    return this.rows.at(-1)?.number ?? 0;
  }

  get oldest() {
    return this.rows[0]?.number ?? 0;
  }

  /** @param {number} number @returns {Message|undefined} */
  find(number) {
    const row = this.rows[this.#place(number)];
    return row?.number === number ? row : undefined;
  }

  /**
   * A live change: of a message, or (`message` absent) of the room itself.
   * @param {number} version @param {Message} [message] @returns {Todo}
   */
  change(version, message) {
    this.head = Math.max(this.head, version);
    if (!this.loaded || version <= this.cursor) return this.#todo();
    if (version > this.cursor + 1) return this.#todo();
    this.cursor = version;
    return this.#todo(message ? [message] : []);
  }

  /** All changes of the versions (from, to]. @param {Changes} changes @returns {Todo} */
  changes(changes) {
    this.head = Math.max(this.head, changes.to);
    if (!this.loaded) return this.#todo();
    if (this.asked !== null && changes.from <= this.asked) this.asked = null;
    if (changes.from > this.cursor) return this.#todo();
    if (this.floor !== null && changes.from <= this.floor) {
      this.floor = changes.to < this.cursor ? Math.max(this.floor, changes.to) : null;
    }
    this.cursor = Math.max(this.cursor, changes.to);
    return this.#todo(changes.messages ?? []);
  }

  /**
   * Too much changed, or the log is another one: start again.
   * @param {number} head  0 where versions that were seen before mean nothing any more
   * @returns {Todo}
   */
  reset(head) {
    const changed = this.rows.length > 0;
    this.rows = [];
    this.cursor = this.floor = this.asked = null;
    this.head = head;
    this.more = this.newer = false;
    this.generation += 1;
    return { changed, fresh: [], load: true };
  }

  /**
   * A page of history that was asked for in `generation`: any one where nothing is loaded yet, else
   * the one before the oldest row, or, where newer ones are not loaded, the one after the newest. A page of
   * another place (two were asked for while nothing was loaded) is void: between it and the rows is a hole.
   * @param {Page} page @param {number} generation @returns {Todo}
   */
  page(page, generation) {
    if (generation !== this.generation) return { changed: false, fresh: [] };
    this.head = Math.max(this.head, page.version);
    if (!this.loaded) {
      this.rows = [...page.messages];
      this.cursor = page.version;
      this.more = page.more;
      this.newer = page.newer ?? false;
      return { ...this.#todo(), changed: true };
    }
    if (!this.#touches(page.messages)) return this.#todo();
    // Rows of a page that is older than the cursor may lack changes that were dropped here, since
    // these rows were not held when they came.
    if (page.version < this.cursor) this.floor = Math.min(this.floor ?? page.version, page.version);
    const oldest = this.rows.length ? this.oldest : Infinity;
    const newest = this.newer ? this.newest : Infinity;
    const older = page.messages.filter((message) => message.number < oldest);
    const newer = page.messages.filter((message) => message.number > newest);
    const held = page.messages.filter((message) => this.find(message.number));
    if (older.length || page.messages.length === 0) this.more = page.more;
    if (newer.length || page.messages.length === 0) this.newer = page.newer ?? false;
    this.rows = [...older, ...this.rows, ...newer];
    const todo = this.#todo(held);
    return { ...todo, changed: todo.changed || older.length + newer.length > 0 };
  }

  /** Whether a page, ascending, overlaps what is held or stands right beside it. @param {Message[]} messages */
  #touches(messages) {
    if (!messages.length || !this.rows.length) return true;
    return messages.at(-1).number >= this.oldest - 1 && messages[0].number <= this.newest + 1;
  }

  /** The connection is gone, and with it the answer to an open question. */
  disconnected() {
    this.asked = null;
  }

  /** The question was refused for now. */
  refused() {
    this.asked = null;
  }

  /** Somebody says that the room has this version. @param {number} head @returns {Todo} */
  heard(head) {
    this.head = Math.max(this.head, head);
    return this.#todo();
  }

  /** @param {Message[]} [messages] @returns {Todo} */
  #todo(messages = []) {
    const fresh = [];
    let changed = false;
    for (const message of [...messages].sort((a, b) => a.number - b.number)) {
      const isLast = message.number > this.newest;
      if (!this.#put(message)) continue;
      changed = true;
      if (isLast) fresh.push(message);
    }
    /** @type {Todo} */
    const todo = { changed, fresh };
    if (this.loaded && this.asked === null && (this.floor !== null || this.head > this.cursor)) {
      this.asked = this.position;
      todo.sync = this.asked;
    }
    return todo;
  }

  /** @param {Message} message @returns {boolean} whether the rows are other than before */
  #put(message) {
    const place = this.#place(message.number);
    const held = this.rows[place];
    if (held?.number === message.number) {
      if (held.version >= message.version) return false;
      this.rows[place] = message;
      return true;
    }
    // Older than everything held: it comes with its page. Only a room that was loaded down to
    // its beginning has nothing before its first row.
    if (place === 0 && this.more) return false;
    // The same at the other end. And after the page that reached the end of the log: what was dropped before
    // it came is being read again from `floor`, and must not be passed by.
    const isPast = place === this.rows.length;
    if (isPast && (this.newer || (this.floor !== null && message.number > this.newest + 1))) return false;
    this.rows.splice(place, 0, message);
    return true;
  }

  /** The index of the first row with this number or a higher one. @param {number} number */
  #place(number) {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle].number < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
