/**
 * What is the user's own in one room: how far they have read, what calls them, which unread messages
 * mention them. Pure.
 *
 * The server says it whole, as a `Marker` whose higher `marker` wins. On top of that lies what the user
 * wants and no marker has answered yet, so that the page shows it at once and nothing of it is lost.
 *
 * @typedef {"all"|"mentions"|"muted"} Level
 * @typedef {{room: number, last_read: number, marker: number, level?: Level, mentions?: number[]}} Marker
 * @typedef {{type: "read"|"unread", room: number, number: number}} Wanted  a frame for the daemon
 */

const HEARD_MOST = 100; // messages of which it is remembered one by one whether they mention the user

export class OwnState {
  /** @param {Marker} marker */
  constructor(marker) {
    this.room = marker.room;
    this.marker = marker.marker;
    /** @type {Level} */
    this.level = marker.level ?? "all";
    /** @type {Wanted|null} what the user did and no marker has answered */
    this.wanted = null;
    /** The user marked it as unread: seeing its end does not make it read until they come again or write. */
    this.isKept = false;
    this.confirmed = marker.last_read; // by the last marker
    this.written = 0; // number of the user's last message since: it moves the server's marker, which is not told
    this.since = marker.marker; // the marker's version when `wanted` came about
    /** @type {Set<number>} */
    this.listed = new Set(marker.mentions ?? []);
    /** @type {Map<number, {version: number, calls: boolean}>} what messages said since; newer than what is listed */
    this.heard = new Map();
  }

  /** The number up to which everything counts as read. */
  get lastRead() {
    const read = Math.max(this.confirmed, this.written);
    if (this.wanted?.type === "unread") return Math.min(read, this.wanted.number - 1);
    return Math.max(read, this.wanted?.number ?? 0);
  }

  /** Numbers of the unread messages that mention the user; of very many the newest. @returns {Set<number>} */
  get mentions() {
    const found = new Set(this.listed);
    for (const [number, { calls }] of this.heard) {
      if (calls) found.add(number);
      else found.delete(number);
    }
    return new Set([...found].filter((number) => number > this.lastRead));
  }

  /**
   * @param {Marker} marker
   * @param {{whole?: boolean}} [options]  `whole`: of a new connection, which tells nothing of what passed before
   */
  take(marker, { whole = false } = {}) {
    if (whole) this.heard.clear();
    if (marker.marker < this.marker) return;
    const before = this.lastRead;
    // One that goes on from the last may have crossed with what the user wrote; one that goes back is meant so.
    if (whole || marker.last_read < this.confirmed) this.written = 0;
    this.confirmed = marker.last_read;
    this.marker = marker.marker;
    this.level = marker.level ?? "all";
    this.listed = new Set(marker.mentions ?? []);
    if (this.#isAnswered()) this.wanted = null;
    if (this.lastRead < before) this.isKept = true; // marked as unread on another device
  }

  /**
   * A message as it is now.
   * @param {{number: number, version: number}} message @param {boolean} calls  whether it mentions the user
   */
  message({ number, version }, calls) {
    const held = this.heard.get(number);
    if (held && held.version >= version) return;
    this.heard.delete(number);
    this.heard.set(number, { version, calls });
    if (this.heard.size <= HEARD_MOST) return;
    const [[oldest, { calls: called }]] = this.heard;
    this.heard.delete(oldest);
    if (called) this.listed.add(oldest);
    else this.listed.delete(oldest);
  }

  /** The user wrote the message `number`, here or elsewhere: the server takes what stands before for read. */
  wrote(number) {
    this.written = number;
    this.isKept = false;
    this.wanted = null;
  }

  /** The user sees everything up to `number`. @returns {Wanted|null} what to tell the daemon, if it is news */
  read(number) {
    if (this.lastRead >= number) return null;
    return this.#want("read", number);
  }

  /** Message `number` and what follows count as unread. @returns {Wanted} */
  unread(number) {
    this.isKept = true;
    return this.#want("unread", number);
  }

  /** The daemon refused for good what was wanted. */
  refused() {
    this.wanted = null;
  }

  #want(type, number) {
    this.since = this.marker;
    this.wanted = { type, room: this.room, number };
    return this.wanted;
  }

  #isAnswered() {
    const { type, number } = this.wanted ?? {};
    if (type === "read") return this.confirmed >= number;
    const isNews = this.marker > this.since;
    return type === "unread" && this.confirmed < number && (isNews || this.confirmed === number - 1);
  }
}
