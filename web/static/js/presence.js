/**
 * Who is there: the states of the people whom the page shows, and one's own. The event `change` says that
 * states changed. No timers, no DOM: `activity.js` tells what the user does.
 *
 * @typedef {"online"|"away"|"offline"} State
 */

const WATCHED_MOST = 200; // the daemon takes no more

export class Presence extends EventTarget {
  /**
   * @param {(frame: object) => boolean} send
   * @param {() => number[]} partners  ids of the people of direct rooms, who are always watched
   */
  constructor(send, partners) {
    super();
    this.send = send;
    this.partners = partners;
    /** @type {Map<number, State>} */
    this.states = new Map();
    /** @type {Map<string, number[]>} whom views show beside these, by the view's name */
    this.shown = new Map();
    /** @type {"online"|"away"} */
    this.own = "online";
    this.told = ""; // the ids of the last `watch` of this connection
  }

  /** @param {number} user @returns {State|undefined} undefined while it is not known */
  of(user) {
    return this.states.get(user);
  }

  /**
   * A view shows these people; an empty list ends it.
   * @param {string} view  its name, as in "members"
   * @param {number[]} users
   */
  show(view, users) {
    if (users.length) this.shown.set(view, users);
    else this.shown.delete(view);
    this.watch();
  }

  /** Tell the daemon whom to watch, where that is others than before. */
  watch() {
    const users = [...new Set([...[...this.shown.values()].flat(), ...this.partners()])]
      .slice(0, WATCHED_MOST)
      .sort((one, other) => one - other);
    const ids = users.join();
    if (ids === this.told || !this.send({ type: "watch", users })) return;
    this.told = ids;
    for (const user of [...this.states.keys()]) if (!users.includes(user)) this.states.delete(user);
  }

  /** There is a new connection, which knows nothing of us. */
  connected() {
    this.told = "";
    this.watch();
    if (this.own === "away") this.send({ type: "presence", state: "away" });
  }

  /** Nothing is known of anybody. */
  disconnected() {
    this.states.clear();
    this.#tell();
  }

  /** @param {{states: Record<string, State>}} frame */
  receive({ states }) {
    for (const [user, state] of Object.entries(states)) this.states.set(Number(user), state);
    this.#tell();
  }

  /** Whether somebody sits before the page. @param {"online"|"away"} state */
  is(state) {
    if (state === this.own) return;
    this.own = state;
    this.send({ type: "presence", state });
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
