/**
 * The browser's copy of what the server knows: rooms and loaded timelines. Takes what the
 * connection and the history bring, applies the rules of `timeline.js` and `rooms.js`, asks for
 * what is missing, and says what changed:
 *
 * | event | detail |
 * | --- | --- |
 * | `rooms` | – |
 * | `timeline` | `{room, fresh}`: messages that were never shown |
 * | `history` | `{room}`: the state of loading changed |
 * | `joined` | `{room}`: the user is in it now; also where somebody writes to them directly for the first time |
 * | `left` | `{room, name}`: the user is in it no longer |
 * | `other-user` | the cookie is another user's now |
 */

import { History } from "./history.js";
import { Rooms } from "./rooms.js";
import { Timeline } from "./timeline.js";

const LOADED_MOST = 20; // timelines that are kept and resumed; the others load again when opened
const SYNC_AGAIN_MILLISECONDS = 1000;

export class Replica extends EventTarget {
  /**
   * @param {object} boot
   * @param {import("./api.js").Api} api
   * @param {(message: object) => boolean} send
   */
  constructor(boot, api, send) {
    super();
    this.send = send;
    this.epoch = boot.epoch;
    this.rooms = new Rooms(boot.user, boot.rooms);
    /** @type {Map<number, Timeline>} the one used last stands last */
    this.timelines = new Map();
    /** @type {Set<number>} rooms that the last `hello` spoke of */
    this.resumed = new Set();
    this.history = new History(api, {
      onPage: (room, page, generation) => this.#page(room, page, generation),
      onState: (room) => this.#tell("history", { room }),
      onGone: (room) => this.#left(room),
    });
    if (boot.page) this.#timeline(boot.page.room.id).page(boot.page, 0);
  }

  /** The room is looked at: its timeline, which loads where it is not there. @param {number} room */
  open(room) {
    const timeline = this.#timeline(room);
    this.timelines.delete(room);
    this.timelines.set(room, timeline);
    for (const old of [...this.timelines.keys()].slice(0, -LOADED_MOST)) this.#forget(old);
    if (!timeline.loaded) this.history.loadNewest(timeline);
    return timeline;
  }

  /** @param {number} room */
  loadOlder(room) {
    const timeline = this.timelines.get(room);
    if (timeline) this.history.loadOlder(timeline);
  }

  /** The user sees the room's newest message. @param {number} room */
  markRead(room) {
    const summary = this.rooms.get(room);
    if (!summary || !this.rooms.unread(room)) return;
    const number = summary.last_number;
    if (!this.send({ type: "read", room, number })) return;
    this.rooms.read(room, number);
    this.#tell("rooms");
  }

  /** The first message of a connection. */
  hello() {
    const loaded = [...this.timelines.values()].filter((timeline) => timeline.loaded);
    this.resumed = new Set(loaded.map((timeline) => timeline.room));
    return {
      type: "hello",
      epoch: this.epoch,
      cursors: Object.fromEntries(loaded.map((timeline) => [timeline.room, timeline.position])),
    };
  }

  disconnected() {
    for (const timeline of this.timelines.values()) timeline.disconnected();
  }

  /** A summary that the web service or the daemon sent: the user is in this room. */
  joined(summary) {
    this.rooms.put(summary);
    const timeline = this.timelines.get(summary.room.id);
    if (timeline) this.#do(timeline, timeline.heard(summary.head));
    this.#tell("rooms");
  }

  /** The user left the room from this page. @param {number} room */
  leave(room) {
    this.rooms.remove(room);
    this.#forget(room);
    this.#tell("rooms");
  }

  /** @param {any} message  of the daemon; types that it does not know are no concern of it */
  receive(message) {
    const handlers = {
      welcome: () => this.#welcome(message),
      message: () => this.#message(message),
      room: () => this.#roomChange(message),
      changes: () => this.#changes(message),
      reset: () => this.#reset(message),
      joined: () => this.#joined(message.summary),
      left: () => this.#left(message.room),
      read: () => this.#marker(message),
    };
    if (Object.hasOwn(handlers, message.type)) handlers[message.type]();
  }

  /**
   * A question about a room was refused: ask again, unless we are in it no longer.
   * @param {number} room
   * @param {number} seconds
   */
  refused(room, seconds) {
    const timeline = this.timelines.get(room);
    if (!timeline) return;
    setTimeout(
      () => {
        timeline.refused();
        if (this.timelines.get(room) === timeline) this.#do(timeline, timeline.heard(0));
      },
      seconds * 1000 || SYNC_AGAIN_MILLISECONDS,
    );
  }

  #welcome({ user, epoch, rooms }) {
    if (user.id !== this.rooms.self.id) {
      this.#tell("other-user");
      return;
    }
    const fresh = epoch !== this.epoch;
    this.epoch = epoch;
    const before = [...this.rooms.byId.values()];
    this.rooms.replace(rooms, { fresh });
    for (const timeline of this.timelines.values()) {
      const summary = this.rooms.get(timeline.room);
      if (fresh) this.#do(timeline, timeline.reset(0));
      // The daemon takes a room that `hello` did not speak of for held up to the summary's head.
      else if (summary && !this.resumed.has(timeline.room)) this.#do(timeline, timeline.heard(summary.head));
    }
    for (const { room } of before) if (!this.rooms.get(room.id)) this.#gone(room.id, room.name);
    this.history.retry();
    this.#tell("rooms");
  }

  #message(message) {
    this.rooms.message(message);
    const timeline = this.timelines.get(message.room);
    if (timeline) this.#do(timeline, timeline.change(message.version, message));
    else this.#tell("timeline", { room: message.room, fresh: [message] });
    this.#tell("rooms");
  }

  #roomChange({ room, version, state }) {
    this.rooms.state(state);
    const timeline = this.timelines.get(room);
    if (timeline) this.#do(timeline, timeline.change(version));
    this.#tell("rooms");
  }

  #changes(changes) {
    for (const message of changes.messages ?? []) this.rooms.message(message);
    if (changes.room_state) this.rooms.state(changes.room_state);
    const timeline = this.timelines.get(changes.room);
    if (timeline) this.#do(timeline, timeline.changes(changes));
    this.#tell("rooms");
  }

  #reset({ room, version }) {
    const timeline = this.timelines.get(room);
    if (timeline) this.#do(timeline, timeline.reset(version));
  }

  #joined(summary) {
    const isNew = !this.rooms.get(summary.room.id);
    this.joined(summary);
    if (isNew) this.#tell("joined", { room: summary.room.id });
  }

  #left(room) {
    const name = this.rooms.get(room)?.room.name ?? "";
    if (this.rooms.remove(room) || this.timelines.has(room)) this.#gone(room, name);
  }

  #gone(room, name) {
    this.#forget(room);
    this.#tell("rooms");
    this.#tell("left", { room, name });
  }

  #marker(marker) {
    this.rooms.marker(marker);
    this.#tell("rooms");
  }

  #page(room, page, generation) {
    const timeline = this.timelines.get(room);
    if (!timeline) return;
    this.rooms.state(page.room);
    for (const message of page.messages) this.rooms.message(message);
    this.#do(timeline, timeline.page(page, generation));
  }

  #timeline(room) {
    let timeline = this.timelines.get(room);
    if (!timeline) {
      timeline = new Timeline(room);
      timeline.heard(this.rooms.get(room)?.head ?? 0);
      this.timelines.set(room, timeline);
    }
    return timeline;
  }

  #forget(room) {
    this.timelines.delete(room);
    this.history.forget(room);
  }

  /** @param {Timeline} timeline @param {import("./timeline.js").Todo} todo */
  #do(timeline, todo) {
    if (todo.sync !== undefined && !this.send({ type: "sync", room: timeline.room, since: todo.sync })) {
      timeline.disconnected(); // `hello` asks for it
    }
    if (todo.load) this.history.loadNewest(timeline);
    if (todo.changed) this.#tell("timeline", { room: timeline.room, fresh: todo.fresh });
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
