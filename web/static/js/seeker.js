/**
 * Leads to a message by its number: it is shown where it is loaded, else the page around it is loaded, in one
 * request, however deep in the history it lies.
 */

export class Seeker {
  /**
   * @param {import("./replica.js").Replica} replica
   * @param {object} listener
   * @param {(number: number, quiet: boolean) => void} listener.onFound
   * @param {() => void} listener.onMissing  there is no such message
   */
  constructor(replica, listener) {
    this.replica = replica;
    this.listener = listener;
    /** @type {{room: number, number: number, quiet: boolean, generation: number|null}|null} */
    this.sought = null;
  }

  /**
   * @param {number} room @param {number} number
   * @param {{quiet?: boolean}} [options]  `quiet`: only the reader's place is kept, nobody asked for the message
   */
  seek(room, number, { quiet = false } = {}) {
    this.sought = { room, number, quiet, generation: null };
    this.go();
  }

  /** Nothing is sought any more. */
  end() {
    this.sought = null;
  }

  /** Something was loaded. */
  go() {
    if (!this.sought) return;
    const { room, number, generation } = this.sought;
    const timeline = this.replica.timelines.get(room);
    if (timeline?.find(number)) this.#found();
    else if (timeline?.loaded && (generation === timeline.generation || isPastEnd(timeline, number))) this.#missing();
    else if (generation !== timeline?.generation) this.#load();
  }

  /** Where a reset comes between, the page is asked for again. */
  #load() {
    const { room, number } = this.sought;
    this.sought.generation = this.replica.toNumber(room, number);
  }

  #found() {
    const { number, quiet } = this.sought;
    this.sought = null;
    this.listener.onFound(number, quiet);
  }

  #missing() {
    const { quiet } = this.sought;
    this.sought = null;
    if (!quiet) this.listener.onMissing();
  }
}

/** @param {import("./timeline.js").Timeline} timeline @param {number} number */
function isPastEnd(timeline, number) {
  return !timeline.newer && number > timeline.newest;
}
