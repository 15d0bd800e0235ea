/**
 * What the user has written and the server has not yet confirmed. Kept in `localStorage`, one key
 * an entry, so that it survives a reload and a crash of the tab, and so that two tabs never
 * overwrite each other's. The keys carry the user's id: who signs in later on the same browser
 * neither sees nor sends it.
 *
 * An entry is `pending`, then `sent` (committed, but not yet seen in the log), and gone when the
 * log shows it; or `failed` after a final refusal.
 *
 * @typedef {object} Entry
 * @property {string} id  the client's id of the message, for ever
 * @property {string} conversation  key of its conversation; each has a queue of its own
 * @property {number} [room]
 * @property {string} [to]  nickname, where a direct message may have no room yet
 * @property {string} body
 * @property {number} [reply_to]  number of the message in the same room that it answers
 * @property {number} at  milliseconds since 1970 UTC
 * @property {number} order  place in the queue
 * @property {"pending"|"sent"|"failed"} state
 * @property {string} [fault]  why it failed, in words
 * @property {number} [version]  of the log, once sent
 */

const PREFIX = "parley:outbox:";

export class Outbox extends EventTarget {
  /**
   * @param {number} user
   * @param {Storage} storage
   */
  constructor(user, storage) {
    super();
    this.prefix = `${PREFIX}${user}:`;
    this.storage = storage;
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    this.#readAll();
    // What is in the log already has nothing to wait for in a page that has just been loaded.
    for (const entry of this.entries.values()) if (entry.state === "sent") this.#drop(entry.id);
  }

  /**
   * Take over what another tab wrote.
   * @param {{key: string|null, newValue: string|null}} event  of `storage`
   */
  storageChanged({ key, newValue }) {
    if (key === null) {
      this.entries.clear();
    } else if (key.startsWith(this.prefix)) {
      const entry = newValue === null ? null : parse(newValue);
      if (entry) this.entries.set(entry.id, entry);
      else this.entries.delete(key.slice(this.prefix.length));
    } else return;
    this.#tell();
  }

  /** @param {string} conversation @returns {Entry[]} in the order in which they were written */
  of(conversation) {
    return [...this.entries.values()].filter((entry) => entry.conversation === conversation).sort(inOrder);
  }

  /** The first pending entry of each conversation. @returns {Entry[]} */
  next() {
    /** @type {Map<string, Entry>} */
    const first = new Map();
    for (const entry of [...this.entries.values()].sort(inOrder)) {
      if (entry.state === "pending" && !first.has(entry.conversation)) first.set(entry.conversation, entry);
    }
    return [...first.values()];
  }

  /** @param {Pick<Entry, "id"|"conversation"|"room"|"to"|"body"|"reply_to">} message */
  add(message) {
    const at = Date.now();
    this.#write({ ...message, at, order: this.#nextOrder(at), state: "pending" });
  }

  /**
   * Committed as the change `version` of its room.
   * @param {string} id
   * @param {number} room
   * @param {number} version
   */
  sent(id, room, version) {
    this.#change(id, { state: "sent", room, version, fault: undefined });
  }

  /** Refused for good. @param {string} id @param {string} fault */
  failed(id, fault) {
    this.#change(id, { state: "failed", fault });
  }

  /** Try a failed one again, as the last of its queue. @param {string} id */
  retry(id) {
    if (this.entries.get(id)?.state !== "failed") return;
    this.#change(id, { state: "pending", order: this.#nextOrder(Date.now()), fault: undefined });
  }

  /** The user gives it up, or the log shows it. @param {string} id */
  remove(id) {
    if (!this.entries.has(id)) return;
    this.#drop(id);
    this.#tell();
  }

  /** Forget what the log shows. @param {(entry: Entry) => boolean} isShown */
  settle(isShown) {
    const done = [...this.entries.values()].filter(isShown);
    for (const entry of done) this.#drop(entry.id);
    if (done.length) this.#tell();
  }

  #readAll() {
    for (let index = 0; index < this.storage.length; index += 1) {
      const key = this.storage.key(index);
      if (!key?.startsWith(this.prefix)) continue;
      const entry = parse(this.storage.getItem(key));
      if (entry) this.entries.set(entry.id, entry);
    }
  }

  #nextOrder(at) {
    return Math.max(at, ...[...this.entries.values()].map((entry) => entry.order + 1));
  }

  #change(id, changes) {
    const entry = this.entries.get(id);
    if (entry) this.#write({ ...entry, ...changes });
  }

  #write(entry) {
    this.entries.set(entry.id, entry);
    try {
      this.storage.setItem(this.prefix + entry.id, JSON.stringify(entry));
    } catch {
      // Full or forbidden: it is still sent from this tab, but would not survive it.
    }
    this.#tell();
  }

  #drop(id) {
    this.entries.delete(id);
    try {
      this.storage.removeItem(this.prefix + id);
    } catch {
      // Forbidden: it was never written either.
    }
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @param {string|null} text
 * @returns {Entry|null} null for what is no entry: storage can be edited by hand
 */
function parse(text) {
  try {
    const entry = JSON.parse(text ?? "");
    const isEntry = [entry.id, entry.conversation, entry.body].every((value) => typeof value === "string");
    return isEntry && Number.isFinite(entry.order) ? entry : null;
  } catch {
    return null;
  }
}

/** @param {Entry} one @param {Entry} other */
function inOrder(one, other) {
  return one.order - other.order || (one.id < other.id ? -1 : 1);
}
