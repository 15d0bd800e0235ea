/**
 * The messages that others answer. A reply carries the number of its original and nothing else of it, so that
 * an edit or a deletion reaches every quote. Those that the timeline does not hold are asked for, all of a
 * turn in one request, and kept as they are now by the changes that come.
 *
 * Interest is written down before it is asked: a change that comes meanwhile is newer than the answer or the
 * same, and the higher version wins.
 *
 * The event `change` carries `{room}`.
 *
 * @typedef {import("./timeline.js").Message} Message
 * @typedef {{gather: Gather<number>, held: Map<number, Message|null|undefined>}} Wanted
 */

import { Gather } from "./gather.js";

const ASKED_MOST = 50; // that one request may name

export class Quotes extends EventTarget {
  /**
   * @param {object} parts
   * @param {(room: number, number: number) => Message|undefined} parts.find  in the loaded timeline
   * @param {(room: number, numbers: number[]) => Promise<{messages: Message[]}>} parts.load
   */
  constructor({ find, load }) {
    super();
    this.find = find;
    this.load = load;
    /** @type {Map<number, Wanted>} by room */
    this.rooms = new Map();
  }

  /**
   * The message that a reply quotes, as it is now.
   * @param {number} room @param {number} number
   * @returns {Message|null|undefined} null where there is none, undefined where it is not here yet and asked for
   */
  get(room, number) {
    const loaded = this.find(room, number);
    if (loaded) return loaded;
    const { gather, held } = this.#of(room);
    if (!held.has(number)) {
      held.set(number, undefined);
      gather.want(number);
    }
    return held.get(number);
  }

  /** A message as it is now, live or as one of `changes`. @param {Message} message */
  message(message) {
    const wanted = this.rooms.get(message.room);
    if (!wanted?.held.has(message.number)) return;
    const held = wanted.held.get(message.number);
    if (held && held.version >= message.version) return;
    wanted.held.set(message.number, message);
    this.dispatchEvent(new CustomEvent("change", { detail: { room: message.room } }));
  }

  /** What is held of the room is worth nothing: too much of it changed, or the user is not in it. @param {number} room */
  forget(room) {
    this.rooms.get(room)?.gather.end();
    this.rooms.delete(room);
  }

  /** The server can be reached again. */
  retry() {
    for (const { gather } of this.rooms.values()) gather.retry();
  }

  #of(room) {
    let wanted = this.rooms.get(room);
    if (!wanted) {
      const gather = new Gather((numbers) => this.#ask(room, numbers), ASKED_MOST);
      wanted = { gather, held: new Map() };
      this.rooms.set(room, wanted);
    }
    return wanted;
  }

  async #ask(room, numbers) {
    const wanted = this.rooms.get(room);
    const page = await this.load(room, numbers);
    if (this.rooms.get(room) !== wanted) return; // forgotten meanwhile
    for (const message of page.messages) this.message(message);
    for (const number of numbers) if (wanted.held.get(number) === undefined) wanted.held.set(number, null);
    this.dispatchEvent(new CustomEvent("change", { detail: { room } }));
  }
}
