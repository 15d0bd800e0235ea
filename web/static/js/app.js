/** The open conversation, and what the views of it show: between the replica, the outbox and the page. */

import { conversationOf, directConversation, pathOf, titleOf } from "./conversations.js";
import { byId } from "./dom.js";
import { newId } from "./ids.js";
import { GENERAL } from "./rooms.js";
import { t } from "./texts.js";
import { UnreadLine } from "./unread-line.js";

const FRAME_MILLISECONDS = 16;
const SEEK_PAGES = 20; // that are loaded to get to the message of a permalink

export class App {
  /**
   * @param {object} parts
   * @param {import("./replica.js").Replica} parts.replica
   * @param {import("./outbox.js").Outbox} parts.outbox
   * @param {import("./sender.js").Sender} parts.sender
   * @param {import("./drafts.js").Drafts} parts.drafts
   * @param {import("./router.js").Router} parts.router
   */
  constructor(parts) {
    Object.assign(this, parts);
    /** @type {import("./conversations.js").Conversation|null} */
    this.current = null;
    /**
     * @type {import("./timeline.js").User[]} whom the server told us of, and maybe there is no room with them yet
     */
    this.people = [];
    this.drawing = 0;
    this.missed = 0;
    this.line = new UnreadLine();
    /** @type {{number: number, pages: number}|null} the message of a permalink that is not loaded yet */
    this.sought = null;
    /** @type {string[]} keys of the conversations that were open, the last one first */
    this.recent = [];
  }

  get rooms() {
    return this.replica.rooms;
  }

  /** @param {object} views  they call back into this, so they come after it */
  begin(views) {
    Object.assign(this, views);
    this.replica.addEventListener("rooms", () => this.#roomsChanged());
    this.replica.addEventListener("timeline", (event) => this.#timelineChanged(event.detail));
    this.replica.addEventListener("history", () => this.#historyChanged());
    this.replica.addEventListener("joined", (event) => this.notifier.joined(event.detail.room, this.rooms));
    this.replica.addEventListener("left", (event) => this.#left(event.detail));
    this.outbox.addEventListener("change", () => this.#draw());
    addEventListener("focus", () => this.markRead());
    document.addEventListener("visibilitychange", () => this.markRead());
  }

  /**
   * The conversation that the page was loaded with.
   * @param {{room: number|null, direct: object|null}} boot
   */
  start({ room, direct }) {
    byId("app").dataset.view = this.router.view;
    if (direct) this.people.push(direct);
    this.open(direct ? directConversation(direct, this.rooms) : this.#roomOf(room));
    this.#seek(this.router.number);
  }

  /**
   * Show the conversation of an address.
   * @param {{room: number}|{direct: string}} target
   * @param {"list"|"conversation"} view
   * @param {number|null} number  of the message to show
   */
  show(target, view, number) {
    byId("app").dataset.view = view;
    const conversation = "room" in target ? this.#roomOf(target.room) : this.#directOf(target.direct);
    if (conversation && conversation.key !== this.current?.key) this.open(conversation);
    if (conversation) {
      this.markRead();
      this.#seek(number);
    } else if ("direct" in target)
      location.reload(); // somebody whom only the server knows
    else {
      this.notice.show(t("This conversation does not exist, or it is not open to you."));
      this.router.go(`/rooms/${GENERAL}`, { replace: true });
    }
  }

  /** @param {import("./conversations.js").Conversation} conversation */
  open(conversation) {
    const before = this.current?.key;
    if (before) this.recent = [before, ...this.recent.filter((key) => key !== before)];
    this.current = conversation;
    this.sought = null;
    this.line.opened(conversation.room === null ? undefined : this.rooms.get(conversation.room));
    if (conversation.room !== null) this.replica.open(conversation.room);
    const title = titleOf(conversation, this.rooms);
    const toPeer = conversation.peer && conversation.peer.id !== this.rooms.self.id;
    const label = toPeer ? t("Write to {name}", { name: title }) : t("Write in {name}", { name: title });
    this.composer.open(label, this.drafts.get(conversation.key));
    this.missed = 0;
    this.messages.open(this.#model());
    this.#drawNow();
    this.toComposer();
  }

  /** To where one writes, except where that would bring up the keyboard of a phone. */
  toComposer() {
    if (!this.router.isNarrow) this.composer.focus();
  }

  /** Go to a conversation, by its address. */
  visit(conversation) {
    this.notice.hide();
    this.router.go(pathOf(conversation));
  }

  /** @param {string} body */
  write(body) {
    const { key, room, peer } = this.current;
    this.line.wrote();
    this.sender.prefer();
    this.outbox.add({ id: newId(), conversation: key, room: room ?? undefined, to: peer?.name, body });
    this.messages.show(this.#model(), { toEnd: true });
  }

  /**
   * Where a message of the outbox goes: to the room of a direct conversation as soon as there is one.
   * @param {import("./outbox.js").Entry} entry
   */
  address({ conversation, room, to }) {
    const [kind, id] = conversation.split(":");
    const known = room ?? (kind === "direct" ? this.rooms.directWith(Number(id))?.room.id : undefined);
    return known === undefined ? { to } : { room: known };
  }

  /** The user has it before their eyes: the newest message, in a window that has the focus. */
  markRead() {
    const room = this.current?.room ?? null;
    if (room !== null && this.#seesEnd() && this.replica.timelines.get(room)?.loaded) this.replica.markRead(room);
  }

  #seesEnd() {
    const isLookedAt = document.hasFocus() && document.visibilityState === "visible";
    const isShown = !this.router.isNarrow || this.router.view === "conversation";
    return isLookedAt && isShown && this.messages.atEnd;
  }

  /** To the newest message, and to where one answers. */
  toNewest() {
    this.messages.toEnd();
    this.composer.focus();
  }

  loadOlder() {
    if (this.current?.room) this.replica.loadOlder(this.current.room);
  }

  /** Somebody whom the server told us of, and maybe there is no room with them yet. */
  met(user) {
    this.people.push(user);
  }

  #roomOf(room) {
    const summary = this.rooms.get(room);
    return summary ? conversationOf(summary, this.rooms) : null;
  }

  /** @param {string} name @returns {import("./conversations.js").Conversation|null} */
  #directOf(name) {
    const wanted = name.toLowerCase();
    const peers = this.rooms.listDirect().map((summary) => this.rooms.peer(summary.room));
    const peer = [this.rooms.self, ...this.people, ...peers].find((one) => one.name.toLowerCase() === wanted);
    return peer ? directConversation(peer, this.rooms) : null;
  }

  /** The direct room may have come into being, and names and counts may be others. */
  #roomsChanged() {
    if (this.current?.peer && this.current.room === null) {
      this.current = directConversation(this.current.peer, this.rooms);
      if (this.current.room !== null) this.replica.open(this.current.room);
    }
    this.#draw();
  }

  #timelineChanged({ room, fresh }) {
    const { self } = this.rooms;
    this.#settle(room, fresh);
    const others = fresh.filter((message) => message.author.id !== self.id && !message.deleted);
    const seen = room === this.current?.room && this.#seesEnd();
    if (!seen) for (const message of others) this.notifier.came(message, this.rooms);
    if (room !== this.current?.room) return;
    this.missed += others.length;
    for (const message of others) {
      this.line.came(message.number, seen);
      this.announcer.announce(message);
    }
    this.#draw();
    if (this.sought) this.#seekOn();
  }

  #historyChanged() {
    this.#draw();
    if (this.sought) this.#seekOn();
  }

  /** Show a message, loading what lies between. @param {number|null} number */
  #seek(number) {
    this.sought = number === null ? null : { number, pages: 0 };
    if (this.sought) this.#seekOn();
  }

  #seekOn() {
    const { room } = this.current;
    const timeline = room === null ? undefined : this.replica.timelines.get(room);
    if (!timeline?.loaded || this.replica.history.state(room, "older") !== "idle") return; // this comes back
    const { number, pages } = this.sought;
    const isOlder = number < timeline.oldest && timeline.more;
    if (timeline.find(number)) {
      this.sought = null;
      this.#drawNow();
      this.messages.reveal(number);
    } else if (isOlder && pages < SEEK_PAGES) {
      this.sought.pages += 1;
      this.replica.loadOlder(room);
    } else {
      this.sought = null;
      this.notice.show(
        isOlder
          ? t("This message lies far back. Scroll up to get to it.")
          : t("There is no such message in this conversation."),
      );
    }
  }

  /** What the log shows need not wait in the outbox. */
  #settle(room, fresh) {
    if (this.outbox.entries.size === 0) return;
    const timeline = this.replica.timelines.get(room);
    const rows = timeline?.rows ?? fresh;
    const ids = new Set(
      rows.filter((row) => row.author.id === this.rooms.self.id).map((row) => row.client_id),
    );
    const isPast = (entry) =>
      entry.state === "sent" && entry.room === room && timeline?.loaded && entry.version <= timeline.cursor;
    this.outbox.settle((entry) => ids.has(entry.id) || isPast(entry));
  }

  #left({ room, name }) {
    if (room !== this.current?.room) return;
    this.notice.show(
      name
        ? t("You are no longer in {name}.", { name })
        : t("This conversation does not exist, or it is not open to you."),
    );
    this.router.go(`/rooms/${GENERAL}`, { replace: true });
  }

  /** Draw what changed, once, however much it was; also in a hidden tab, whose title is seen. */
  #draw() {
    this.drawing ||= setTimeout(() => {
      this.drawing = 0;
      this.#drawNow();
    }, FRAME_MILLISECONDS);
  }

  #drawNow() {
    this.sidebar.show(this.rooms, this.current);
    this.badge.show(this.rooms.totalUnread(), this.current ? titleOf(this.current, this.rooms) : "");
    if (!this.current) return;
    this.header.show(this.rooms, this.current);
    this.messages.show(this.#model(), { missed: this.missed });
    this.missed = 0;
    this.markRead();
  }

  /** @returns {import("./messages-view.js").Model} */
  #model() {
    const { key, room, peer } = this.current;
    const timeline = room === null ? undefined : this.replica.timelines.get(room);
    const { history } = this.replica;
    const rows = timeline?.rows ?? [];
    return {
      rows,
      unread: this.line.before(rows, Boolean(timeline?.more), this.rooms.self.id),
      pending: this.outbox.of(key),
      loaded: room === null || Boolean(timeline?.loaded),
      more: Boolean(timeline?.more),
      newest: room === null ? "idle" : history.state(room, "newest"),
      older: room === null ? "idle" : history.state(room, "older"),
      empty: peer
        ? t("Nothing has been said here yet. Write the first message.")
        : t("This room is empty. Write the first message."),
    };
  }
}
