/** What was typed and not sent, per conversation and user; survives a reload. */

export class Drafts {
  /** @param {number} user @param {Storage} storage */
  constructor(user, storage) {
    this.prefix = `parley:draft:${user}:`;
    this.storage = storage;
  }

  /** @param {string} conversation */
  get(conversation) {
    return this.storage.getItem(this.prefix + conversation) ?? "";
  }

  /** @param {string} conversation @param {string} text */
  set(conversation, text) {
    try {
      if (text) this.storage.setItem(this.prefix + conversation, text);
      else this.storage.removeItem(this.prefix + conversation);
    } catch {
      // Storage is full or forbidden: the draft lives as long as the page.
    }
  }
}
