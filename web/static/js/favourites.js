/** The emoji that a user reacts with most, of late: what the picker offers first. Kept in the browser, per user. */

const BEGINNING = ["👍", "❤️", "😂", "🎉", "👀", "✅"];
const KEPT = 40;
const FADE = 0.9; // of each count when another is taken: what was long ago gives way

export class Favourites {
  /** @param {number} user @param {Storage} storage */
  constructor(user, storage) {
    this.key = `parley:emoji:${user}`;
    this.storage = storage;
  }

  /** The best ones first. @param {number} [count] @returns {string[]} characters */
  best(count = BEGINNING.length) {
    return [...new Set([...this.#read().map(([emoji]) => emoji), ...BEGINNING])].slice(0, count);
  }

  /** @param {string} emoji  was taken */
  took(emoji) {
    const counts = new Map(this.#read().map(([one, count]) => [one, count * FADE]));
    counts.set(emoji, (counts.get(emoji) ?? 0) + 1);
    const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, KEPT);
    try {
      this.storage.setItem(this.key, JSON.stringify(sorted));
    } catch {
      // Storage is full or forbidden: the beginning is offered again.
    }
  }

  /** @returns {[string, number][]} */
  #read() {
    try {
      const held = JSON.parse(this.storage.getItem(this.key) ?? "[]");
      return held.filter((one) => typeof one?.[0] === "string" && Number.isFinite(one[1]));
    } catch {
      return []; // storage can be edited by hand
    }
  }
}
