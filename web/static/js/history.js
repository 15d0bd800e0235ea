/**
 * Loads pages of history, and tries again by itself until it has them.
 *
 * @typedef {import("./timeline.js").Timeline} Timeline
 * @typedef {"idle"|"loading"|"failed"} State
 * @typedef {"first"|"older"|"newer"} Which  the page with which a timeline begins, or one at its ends
 * @typedef {{before?: number, after?: number, around?: number}} Where
 * @typedef {{timeline: Timeline, where: Where, generation: number, state: State, backoff: Backoff, timer: number}} Job
 */

import { Backoff } from "./backoff.js";

export class History {
  /**
   * @param {import("./api.js").Api} api
   * @param {object} listener
   * @param {(room: number, page: object, generation: number) => void} listener.onPage
   * @param {(room: number) => void} listener.onState
   * @param {(room: number) => void} listener.onGone  there is no such room for this user
   */
  constructor(api, listener) {
    this.api = api;
    this.listener = listener;
    /** @type {Map<string, Job>} */
    this.jobs = new Map();
  }

  /** Load the newest page. @param {Timeline} timeline */
  loadNewest(timeline) {
    this.#start("first", timeline, {});
  }

  /** Load the page around a number, where nothing is loaded. @param {Timeline} timeline @param {number} number */
  loadAround(timeline, number) {
    this.#start("first", timeline, { around: number });
  }

  /** Load the page before the oldest row. @param {Timeline} timeline */
  loadOlder(timeline) {
    if (timeline.loaded && timeline.more) this.#start("older", timeline, { before: timeline.oldest });
  }

  /** Load the page after the newest row. @param {Timeline} timeline */
  loadNewer(timeline) {
    if (timeline.loaded && timeline.newer) this.#start("newer", timeline, { after: timeline.newest });
  }

  /** @param {number} room @param {Which} which @returns {State} */
  state(room, which) {
    return this.jobs.get(`${room}:${which}`)?.state ?? "idle";
  }

  /** Try again now what failed. */
  retry() {
    for (const [key, job] of this.jobs) if (job.state === "failed") this.#run(key, job);
  }

  /** @param {number} room */
  forget(room) {
    for (const which of ["first", "older", "newer"]) {
      clearTimeout(this.jobs.get(`${room}:${which}`)?.timer);
      this.jobs.delete(`${room}:${which}`);
    }
  }

  /** @param {Which} which @param {Timeline} timeline @param {Where} where */
  #start(which, timeline, where) {
    const key = `${timeline.room}:${which}`;
    const open = this.jobs.get(key);
    if (open && open.generation === timeline.generation) return;
    clearTimeout(open?.timer);
    const job = {
      timeline,
      where,
      generation: timeline.generation,
      state: "loading",
      backoff: new Backoff(),
      timer: 0,
    };
    this.jobs.set(key, job);
    this.#run(key, job);
  }

  async #run(key, job) {
    const { room } = job.timeline;
    clearTimeout(job.timer);
    job.state = "loading";
    this.listener.onState(room);
    try {
      const page = await this.api.messages(room, job.where);
      if (!this.#close(key, job)) return;
      this.listener.onPage(room, page, job.generation);
    } catch (fault) {
      if (this.jobs.get(key) !== job) return;
      if (fault.status === 404) {
        this.#close(key, job);
        this.listener.onGone(room);
        return;
      }
      job.state = "failed";
      job.timer = setTimeout(
        () => this.#run(key, job),
        Math.max(job.backoff.next(), (fault.retryAfter ?? 0) * 1000),
      );
    }
    this.listener.onState(room);
  }

  /** @returns {boolean} whether the job was still wanted */
  #close(key, job) {
    return this.jobs.get(key) === job && this.jobs.delete(key);
  }
}
