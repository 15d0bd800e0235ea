/** The vendored list of emoji, loaded when it is needed first, and the names in it. */

import { namesOf } from "./emoji.js";
import { lazily } from "./lazy.js";

const load = lazily((attempt) => import(`../vendor/emoji.js${attempt}`));

/** @returns {Promise<Record<string, string>|null>} name → character; null where it can not be had */
export async function emojiList() {
  return (await load())?.default ?? null;
}

/** How emoji are called, as far as is known by now. */
export class EmojiNames extends EventTarget {
  constructor() {
    super();
    /** @type {Map<string, string>|null} */
    this.names = null;
    this.asked = false;
  }

  /** The name; the emoji itself until the list is there, which is told by `change`. @param {string} emoji */
  of(emoji) {
    if (!this.names && !this.asked) this.#load();
    return this.names?.get(emoji) ?? emoji;
  }

  async #load() {
    this.asked = true;
    const list = await emojiList();
    this.asked = false;
    if (!list) return;
    this.names = namesOf(list);
    this.dispatchEvent(new Event("change"));
  }
}
