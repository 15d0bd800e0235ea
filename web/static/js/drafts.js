/** What was typed and not sent, and which message it answers, per conversation and user; survives a reload. */

export class Drafts {
  /** @param {number} user @param {Storage} storage */
  constructor(user, storage) {
    this.prefix = `parley:draft:${user}:`;
    this.replies = `parley:reply:${user}:`;
    this.storage = storage;
  }

  /** @param {string} conversation */
  get(conversation) {
    return this.storage.getItem(this.prefix + conversation) ?? "";
  }

  /** @param {string} conversation @param {string} text */
  set(conversation, text) {
    this.#put(this.prefix + conversation, text);
  }

  /** @param {string} conversation @returns {number|null} number of the message that it answers */
  replyTo(conversation) {
    return Number(this.storage.getItem(this.replies + conversation)) || null;
  }

  /** @param {string} conversation @param {number|null} number */
  setReplyTo(conversation, number) {
    this.#put(this.replies + conversation, number ? String(number) : "");
  }

  #put(key, text) {
    try {
      if (text) this.storage.setItem(key, text);
      else this.storage.removeItem(key);
    } catch {
      // Storage is full or forbidden: the draft lives as long as the page.
    }
  }
}
