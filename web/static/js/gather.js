/** Asks for many small things in few requests, and again until they are answered. */

import { Backoff } from "./backoff.js";

/** @template Key */
export class Gather {
  /**
   * @param {(keys: Key[]) => Promise<void>} ask  takes in the answer too; rejects with `HttpError`
   * @param {number} most  that one request may ask for
   */
  constructor(ask, most) {
    this.ask = ask;
    this.most = most;
    /** @type {Set<Key>} */
    this.missing = new Set();
    this.backoff = new Backoff();
    this.busy = false;
    this.timer = 0;
  }

  /** @param {Key} key  asked for with all others of this turn */
  want(key) {
    if (this.missing.has(key)) return;
    this.missing.add(key);
    if (!this.busy && !this.timer) this.#later(0);
  }

  /** It is known by another way, or no longer of interest. @param {Key} key */
  drop(key) {
    this.missing.delete(key);
  }

  /** The server can be reached again: do not wait. */
  retry() {
    if (!this.busy && this.missing.size) this.#later(0);
  }

  /** Nothing is of interest any more. */
  end() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.missing.clear();
  }

  #later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#run(), milliseconds);
  }

  async #run() {
    this.timer = 0;
    const keys = [...this.missing].slice(0, this.most);
    if (this.busy || !keys.length) return;
    this.busy = true;
    let wait = 0;
    try {
      await this.ask(keys);
      for (const key of keys) this.missing.delete(key);
      this.backoff.reset();
    } catch (fault) {
      wait = Math.max(this.backoff.next(), (fault.retryAfter ?? 0) * 1000);
    }
    this.busy = false;
    if (this.missing.size) this.#later(wait);
  }
}
