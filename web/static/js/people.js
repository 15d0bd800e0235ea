/**
 * Names of people by their id, for those of whom a message names the id only. Whoever is not known is asked
 * for, all of a turn in one request. The event `change` says that names came.
 *
 * @typedef {import("./timeline.js").User} User
 */

import { Gather } from "./gather.js";

const ASKED_MOST = 200; // that one request may name

export class People extends EventTarget {
  /** @param {{people: (ids: number[]) => Promise<User[]>}} api */
  constructor(api) {
    super();
    /** @type {Map<number, string|null>} null: there is nobody with this id */
    this.names = new Map();
    this.gather = new Gather(async (ids) => this.#answered(ids, await api.people(ids)), ASKED_MOST);
  }

  /**
   * @param {number} id
   * @returns {string|null|undefined} null where there is nobody, undefined where it is not known yet and asked for
   */
  name(id) {
    const name = this.names.get(id);
    if (name === undefined) this.gather.want(id);
    return name;
  }

  /** Named by a message, a room or the daemon. @param {User[]} users */
  learn(users) {
    for (const { id, name } of users) {
      if (!this.names.get(id)) this.names.set(id, name);
      this.gather.drop(id);
    }
  }

  /** The server can be reached again. */
  retry() {
    this.gather.retry();
  }

  #answered(ids, users) {
    this.learn(users);
    for (const id of ids) if (!this.names.has(id)) this.names.set(id, null);
    this.dispatchEvent(new Event("change"));
  }
}
