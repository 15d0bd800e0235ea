/**
 * The browser's copy of what the server knows: rooms and loaded timelines. Takes what the
 * connection and the history bring, applies the rules of `timeline.js` and `rooms.js`, asks for
 * what is missing, and says what changed:
 *
 * | event | detail |
 * | --- | --- |
 * | `rooms` | – |
 * | `timeline` | `{room, fresh}`: messages that were never heard of |
 * | `history` | `{room}`: the state of loading changed |
 * | `reset` | `{room}`: what was loaded of it is worth nothing; its newest page loads |
 * | `joined` | `{room}`: the user is in it now; also where somebody writes to them directly for the first time |
 * | `left` | `{room, name}`: the user is in it no longer |
 * | `other-user` | the cookie is another user's now |
 *
 * Beside these it feeds the parts that tell of themselves by `change`: `quotes`, `people`, `presence`, `typing`.
 */

import { History } from "./history.js";
import { Rooms } from "./rooms.js";
import { Timeline } from "./timeline.js";

const LOADED_MOST = 20; // timelines that are kept and resumed; the others load again when opened
const AGAIN_MILLISECONDS = 1000;

export class Replica extends EventTarget {
  /**
   * @param {object} boot
   * @param {import("./api.js").Api} api
   * @param {(message: object) => boolean} send
   * @param {object} parts
   * @param {import("./quotes.js").Quotes} parts.quotes
   * @param {import("./people.js").People} parts.people
   * @param {import("./presence.js").Presence} parts.presence
   * @param {import("./typing.js").Typing} parts.typing
   */
  constructor(boot, api, send, { quotes, people, presence, typing }) {
    super();
    this.send = send;
    this.quotes = quotes;
    this.people = people;
    this.presence = presence;
    this.typing = typing;
    this.epoch = boot.epoch;
    this.rooms = new Rooms(boot.user, boot.rooms);
    /** @type {Map<number, Timeline>} the one used last stands last */
    this.timelines = new Map();
    /** @type {Map<number, number>} by room: the number up to which messages are no news any more */
    this.told = new Map();
    /** @type {Set<number>} rooms that the last `hello` spoke of */
    this.resumed = new Set();
    this.history = new History(api, {
      onPage: (room, page, generation) => this.#page(room, page, generation),
      onState: (room) => this.#tell("history", { room }),
      onGone: (room) => this.#left(room),
    });
    this.again = 0; // the timer of what is said again after a refusal
    people.learn([boot.user]);
    if (boot.page) this.#begin(boot.page);
  }

  /**
   * The room is looked at: its timeline.
   * @param {number} room
   * @param {{load?: boolean}} [options]  `load`: its newest page, where nothing is loaded
   */
  open(room, { load = true } = {}) {
    this.rooms.visited(room);
    const timeline = this.#timeline(room);
    this.timelines.delete(room);
    this.timelines.set(room, timeline);
    for (const old of [...this.timelines.keys()].slice(0, -LOADED_MOST)) this.#forget(old);
    if (load && !timeline.loaded) this.history.loadNewest(timeline);
    return timeline;
  }

  /** Away from what is loaded, to the end of the room. @param {number} room */
  toNewest(room) {
    const timeline = this.timelines.get(room);
    if (timeline?.newer) this.#do(timeline, timeline.reset(timeline.head));
  }

  /**
   * Away from what is loaded, to a message that is not.
   * @param {number} room @param {number} number
   * @returns {number} the generation of the timeline that loads now
   */
  toNumber(room, number) {
    const timeline = this.#timeline(room);
    timeline.reset(timeline.head);
    this.history.loadAround(timeline, number);
    return timeline.generation;
  }

  /** @param {number} room */
  loadOlder(room) {
    const timeline = this.timelines.get(room);
    if (timeline) this.history.loadOlder(timeline);
  }

  /** @param {number} room */
  loadNewer(room) {
    const timeline = this.timelines.get(room);
    if (timeline) this.history.loadNewer(timeline);
  }

  /** The user sees the room's newest message; no news where they marked it as unread. @param {number} room */
  markRead(room) {
    const held = this.rooms.get(room);
    if (held && !held.own.isKept) this.#want(held.own.read(held.last_number));
  }

  /**
   * Message `number` and what follows count as unread, until the user comes to the room again or writes there.
   * @param {number} room @param {number} number
   */
  markUnread(room, number) {
    this.#want(this.rooms.get(room)?.own.unread(number));
  }

  /** What is the user's own in a room, as the web service answered. @param {import("./own-state.js").Marker} marker */
  marked(marker) {
    this.rooms.marker(marker);
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
    this.presence.disconnected();
    this.typing.forget();
    clearTimeout(this.again);
    this.again = 0; // the next connection hears it all
  }

  /** A summary that the web service or the daemon sent: the user is in this room. */
  joined(summary) {
    this.rooms.put(summary);
    this.people.learn(summary.room.members ?? []);
    this.presence.watch();
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
      read: () => this.marked(message),
      seen: () => this.#seen(message),
      typing: () => this.#typing(message),
      presence: () => this.presence.receive(message),
    };
    if (Object.hasOwn(handlers, message.type)) handlers[message.type]();
  }

  /**
   * The daemon refused a frame that has no id of its own: say it again later, unless that is final.
   * @param {{of?: string|null, room?: number|null, temporary?: boolean, retry_after?: number|null}} error
   */
  refused({ of, room, temporary, retry_after }) {
    const milliseconds = (retry_after ?? 0) * 1000 || AGAIN_MILLISECONDS;
    const timeline = this.timelines.get(room ?? 0);
    if ((of === "sync" || !of) && timeline) {
      setTimeout(() => {
        timeline.refused();
        if (this.timelines.get(timeline.room) === timeline) this.#do(timeline, timeline.heard(0));
      }, milliseconds);
    } else if ((of === "read" || of === "unread") && room && !temporary) {
      this.rooms.get(room)?.own.refused();
      this.#tell("rooms");
    } else if (of === "read" || of === "unread" || of === "watch" || of === "presence") {
      this.again ||= setTimeout(() => this.#sayAgain(), milliseconds);
    }
  }

  /** The page knows the frame by heart: what the user wants is read off, not queued. */
  #sayAgain() {
    this.again = 0;
    for (const frame of this.rooms.wanted()) this.send(frame);
    this.presence.connected();
  }

  /** @param {import("./own-state.js").Wanted|null|undefined} frame  kept by the room until a marker answers */
  #want(frame) {
    if (!frame) return;
    this.send(frame);
    this.#tell("rooms");
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
      if (fresh) this.#reset({ room: timeline.room, version: 0 });
      else if (summary && !this.resumed.has(timeline.room)) {
        // The daemon takes a room that `hello` did not speak of for held up to the summary's head.
        this.quotes.forget(timeline.room);
        this.#do(timeline, timeline.heard(summary.head));
      }
    }
    this.#forgetNews(fresh);
    for (const { room } of before) if (!this.rooms.get(room.id)) this.#gone(room.id, room.name);
    for (const part of [this.history, this.quotes, this.people]) part.retry();
    this.#sayAgain();
    this.#tell("rooms");
  }

  /** Of rooms that were not resumed nothing is told that came meanwhile: it is no news when it is changed. */
  #forgetNews(all) {
    if (all) this.told.clear();
    for (const room of this.told.keys()) if (!this.resumed.has(room)) this.told.delete(room);
  }

  #message(message) {
    const { room, version } = message;
    this.#heard(room, [message]);
    const timeline = this.timelines.get(room);
    this.#do(timeline, timeline?.change(version, message), { room, messages: [message] });
    this.#tell("rooms");
  }

  /**
   * Messages as they are now, in whatever order.
   * @param {number} room @param {import("./timeline.js").Message[]} messages
   */
  #heard(room, messages) {
    const last = this.rooms.get(room)?.last_number ?? 0;
    if (!this.told.has(room)) this.told.set(room, last);
    for (const message of messages) {
      this.rooms.message(message);
      this.quotes.message(message);
      if (message.number > last) this.typing.message(message);
    }
    this.people.learn(messages.map(({ author }) => author));
  }

  #roomChange({ room, version, state }) {
    this.rooms.state(state);
    const timeline = this.timelines.get(room);
    if (timeline) this.#do(timeline, timeline.change(version));
    this.#tell("rooms");
  }

  #changes(changes) {
    const { room, messages = [], room_state: state } = changes;
    this.#heard(room, messages);
    if (state) this.rooms.state(state);
    const timeline = this.timelines.get(room);
    this.#do(timeline, timeline?.changes(changes), { room, messages });
    this.#tell("rooms");
  }

  #reset({ room, version }) {
    this.quotes.forget(room);
    const timeline = this.timelines.get(room);
    if (!timeline) return;
    this.#do(timeline, timeline.reset(version));
    this.#tell("reset", { room });
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

  #seen(seen) {
    this.rooms.seen(seen);
    this.#tell("rooms");
  }

  #typing({ room, user }) {
    this.people.learn([user]);
    if (this.rooms.get(room)) this.typing.receive({ room, user });
  }

  /** The page of history that came with the page; what it lacks is told after `hello`. */
  #begin(page) {
    const { id } = page.room;
    this.#timeline(id).page(page, 0);
    this.told.set(id, page.messages.at(-1)?.number ?? 0);
  }

  #page(room, page, generation) {
    const timeline = this.timelines.get(room);
    if (!timeline) return;
    this.rooms.state(page.room);
    this.#heard(room, page.messages);
    this.told.set(room, Math.max(this.told.get(room), page.messages.at(-1)?.number ?? 0));
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
    this.told.delete(room);
    this.quotes.forget(room);
    this.typing.forget(room);
  }

  /**
   * @param {Timeline|undefined} timeline  none where the room was not opened
   * @param {import("./timeline.js").Todo} [todo]
   * @param {{room: number, messages: import("./timeline.js").Message[]}} [heard]
   */
  #do(timeline, todo, heard) {
    const room = timeline?.room ?? heard.room;
    // What lies beyond the rows that are loaded is news all the same; and no news when it comes to be loaded.
    const candidates = timeline?.loaded && !timeline.newer ? todo.fresh : (heard?.messages ?? []);
    const fresh = candidates.filter(({ number }) => number > (this.told.get(room) ?? 0));
    if (fresh.length) this.told.set(room, Math.max(...fresh.map(({ number }) => number)));
    if (timeline) this.#follow(timeline, todo);
    if (todo?.changed || fresh.length) this.#tell("timeline", { room, fresh });
  }

  #follow(timeline, todo) {
    if (todo.sync !== undefined && !this.send({ type: "sync", room: timeline.room, since: todo.sync })) {
      timeline.disconnected(); // `hello` asks for it
    }
    if (todo.load) this.history.loadNewest(timeline);
  }

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
