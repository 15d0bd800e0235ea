/** The open conversation, and what the views of it show: between the replica, the outbox and the page. */

import { conversationOf, directConversation, pathOf, titleOf } from "./conversations.js";
import { byId } from "./dom.js";
import { newId } from "./ids.js";
import { callsUser } from "./mentions.js";
import { GENERAL } from "./rooms.js";
import { Seeker } from "./seeker.js";
import { t } from "./texts.js";
import { UnreadLine } from "./unread-line.js";

const FRAME_MILLISECONDS = 16;

export class App {
  /**
   * @param {object} parts
   * @param {import("./replica.js").Replica} parts.replica
   * @param {import("./outbox.js").Outbox} parts.outbox
   * @param {import("./sender.js").Sender} parts.sender
   * @param {import("./drafts.js").Drafts} parts.drafts
   * @param {import("./router.js").Router} parts.router
   * @param {import("./quotes.js").Quotes} parts.quotes
   * @param {import("./people.js").People} parts.people  names by id
   * @param {import("./reactions.js").Reactions} parts.reactions
   * @param {import("./emoji-library.js").EmojiNames} parts.emojiNames
   */
  constructor(parts) {
    Object.assign(this, parts);
    /** @type {import("./conversations.js").Conversation|null} */
    this.current = null;
    /**
     * @type {import("./timeline.js").User[]} whom the server told us of, and maybe there is no room with them yet
     */
    this.met = [];
    this.drawing = 0;
    this.missed = 0;
    this.line = new UnreadLine();
    this.seeker = new Seeker(this.replica, {
      onFound: (number, quiet) => this.messages.reveal(number, this.#model(), { quiet }),
      onMissing: () => this.notice.show(t("There is no such message in this conversation.")),
    });
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
    this.replica.addEventListener("history", () => this.#draw());
    this.replica.addEventListener("reset", (event) => this.#keepPlace(event.detail.room));
    this.replica.addEventListener("joined", (event) => this.notifier.joined(event.detail.room, this.rooms));
    this.replica.addEventListener("left", (event) => this.#left(event.detail));
    const { presence, typing } = this.replica;
    for (const source of [this.outbox, this.quotes, this.people, this.reactions, this.emojiNames, presence, typing]) {
      source.addEventListener("change", () => this.#draw());
    }
    addEventListener("focus", () => this.markRead());
    document.addEventListener("visibilitychange", () => this.markRead());
  }

  /**
   * The conversation that the page was loaded with.
   * @param {{room: number|null, direct: object|null}} boot
   */
  start({ room, direct }) {
    byId("app").dataset.view = this.router.view;
    if (direct) this.met.push(direct);
    this.open(direct ? directConversation(direct, this.rooms) : this.#roomOf(room), this.router.number);
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
    if (conversation && conversation.key !== this.current?.key) this.open(conversation, number);
    else if (conversation) {
      this.markRead();
      this.#seek(number);
    } else if ("direct" in target)
      location.reload(); // somebody whom only the server knows
    else {
      this.notice.show(t("This conversation does not exist, or it is not open to you."));
      this.router.go(`/rooms/${GENERAL}`, { replace: true });
    }
  }

  /**
   * @param {import("./conversations.js").Conversation} conversation
   * @param {number|null} number  of the message to begin with
   */
  open(conversation, number) {
    const before = this.current?.key;
    if (before) this.recent = [before, ...this.recent.filter((key) => key !== before)];
    this.current = conversation;
    this.seeker.end();
    const { room } = conversation;
    if (room === null) this.line.opened(0, 0);
    else this.line.opened(this.rooms.lastRead(room), this.rooms.get(room)?.last_number ?? 0);
    if (room !== null) this.replica.open(room, { load: number === null });
    const title = titleOf(conversation, this.rooms);
    const toPeer = conversation.peer && conversation.peer.id !== this.rooms.self.id;
    const label = toPeer ? t("Write to {name}", { name: title }) : t("Write in {name}", { name: title });
    this.composer.open(label, this.drafts.get(conversation.key));
    this.#showReply();
    this.missed = 0;
    this.messages.open(this.#model());
    this.#drawNow();
    this.toComposer();
    this.#seek(number);
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

  /** @param {string} body @param {number|null} replyTo  number of the message that it answers */
  write(body, replyTo) {
    const { key, room, peer } = this.current;
    const reply_to = replyTo ?? undefined;
    this.line.wrote();
    this.replica.typing.sent();
    if (room !== null) this.replica.toNewest(room);
    this.sender.prefer();
    this.outbox.add({ id: newId(), conversation: key, room: room ?? undefined, to: peer?.name, body, reply_to });
    this.messages.show(this.#model(), { toEnd: true });
  }

  /** The text of the draft is this now, by a key of the user's. @param {string} text */
  typed(text) {
    this.drafts.set(this.current.key, text);
    this.replica.typing.typed(this.current.room, text);
  }

  /** The message that the draft of the open conversation answers. @param {number|null} number */
  replyTo(number) {
    this.drafts.setReplyTo(this.current.key, number);
    this.#showReply();
  }

  #showReply() {
    const number = this.drafts.replyTo(this.current.key);
    const { room } = this.current;
    if (room === null || number === null) this.composer.showReply(null);
    else this.composer.showReply(number, this.quotes.get(room, number));
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
    if (room === null || !this.#seesEnd()) return;
    const timeline = this.replica.timelines.get(room);
    if (timeline?.loaded && !timeline.newer) this.replica.markRead(room);
  }

  /** A message of the open room and what follows count as unread, until the user comes back or writes. @param {number} number */
  markUnread(number) {
    this.line.marked(number);
    this.replica.markUnread(this.current.room, number);
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

  loadNewer() {
    if (this.current?.room) this.replica.loadNewer(this.current.room);
  }

  /** Load the end of the conversation, where something else of it is loaded. */
  loadNewest() {
    this.seeker.end();
    if (this.current?.room) this.replica.toNewest(this.current.room);
  }

  /** Somebody whom the server told us of, and maybe there is no room with them yet. */
  meet(user) {
    this.met.push(user);
  }

  /** Who wrote in the open conversation, the last one first; in a direct one also whom one writes to. */
  recentAuthors() {
    const { room, peer } = this.current;
    const authors = new Map((peer ? [peer] : []).map((user) => [user.id, user]));
    for (const { author } of this.replica.timelines.get(room)?.rows.toReversed() ?? []) {
      if (!authors.has(author.id)) authors.set(author.id, author);
    }
    authors.delete(this.rooms.self.id);
    return [...authors.values()];
  }

  #roomOf(room) {
    const summary = this.rooms.get(room);
    return summary ? conversationOf(summary, this.rooms) : null;
  }

  /** @param {string} name @returns {import("./conversations.js").Conversation|null} */
  #directOf(name) {
    const wanted = name.toLowerCase();
    const peers = this.rooms.listDirect().map((summary) => this.rooms.peer(summary.room));
    const peer = [this.rooms.self, ...this.met, ...peers].find((one) => one.name.toLowerCase() === wanted);
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
    this.seeker.go();
    this.missed += others.length;
    for (const message of others) {
      this.line.came(message.number, seen);
      this.announcer.announce(message, callsUser(message, self));
    }
    this.#draw();
  }

  /** Show a message of the open conversation. @param {number|null} number */
  #seek(number) {
    if (number === null) this.seeker.end();
    else if (this.current.room !== null) this.seeker.seek(this.current.room, number);
    this.#draw();
  }

  /** What was loaded goes; who does not read at the end comes back to where they are. @param {number} room */
  #keepPlace(room) {
    const number = this.messages.place;
    if (room === this.current?.room && number !== null && !this.seeker.sought)
      this.seeker.seek(room, number, { quiet: true });
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
    const news = { unread: this.rooms.totalUnread(), calls: this.rooms.totalCalls() };
    this.badge.show(news, this.current ? titleOf(this.current, this.rooms) : "");
    if (!this.current) return;
    this.header.show(this.rooms, this.current);
    this.typingLine.show(this.current.room);
    this.#showReply();
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
    const state = (which) => (room === null ? "idle" : history.state(room, which));
    return {
      rows,
      unread: this.line.before(rows, Boolean(timeline?.more), this.rooms.self.id),
      pending: this.outbox.of(key),
      loaded: room === null || Boolean(timeline?.loaded),
      more: Boolean(timeline?.more),
      hasNewer: Boolean(timeline?.newer),
      first: state("first"),
      older: state("older"),
      newer: state("newer"),
      seen: peer && timeline ? seenNumber(rows, this.rooms.self.id, this.rooms.get(room)?.seen ?? 0) : null,
      empty: peer
        ? t("Nothing has been said here yet. Write the first message.")
        : t("This room is empty. Write the first message."),
    };
  }
}

/** The last of one's own messages, if the other has read it. */
function seenNumber(rows, self, seen) {
  const last = rows.findLast((row) => row.author.id === self && !row.deleted);
  return last && last.number <= seen ? last.number : null;
}
