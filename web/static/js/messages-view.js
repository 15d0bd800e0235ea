/** The messages of the open conversation: days, groups, what is new, what is pending, and the ways to more. */

import { byId, el, keep } from "./dom.js";
import { isGrouped, isSameDay } from "./format.js";
import { historyNote, newerNote } from "./history-note.js";
import { editor } from "./message-editor.js";
import { messageKeys } from "./message-keys.js";
import { messageRow, pendingRow, rowStamp, showSeen, updatePendingRow, updateRow } from "./message-row.js";
import { RowWindow } from "./row-window.js";
import { Scroller } from "./scroller.js";
import { t, tn } from "./texts.js";

/**
 * @typedef {object} Model
 * @property {import("./timeline.js").Message[]} rows
 * @property {number|null} unread  the row before which the line stands that parts what is new
 * @property {import("./outbox.js").Entry[]} pending
 * @property {boolean} loaded
 * @property {boolean} more  older ones are not loaded
 * @property {boolean} hasNewer  newer ones are not loaded
 * @property {import("./history.js").State} first  how loading goes
 * @property {import("./history.js").State} older
 * @property {import("./history.js").State} newer
 * @property {number|null} seen  the last of one's own messages, where the other of a direct room has read it
 * @property {string} empty  what to say where nothing was said yet
 */

export class MessagesView {
  /**
   * @param {import("./timeline.js").User} self
   * @param {Omit<import("./message-row.js").Context, "self"|"onEdit"> & {onOlder: () => void, onNewer: () => void,
   *   onNewest: () => void, onSeen: () => void,
   *   onRetryHistory: () => void, onSave: (message: object, text: string) => Promise<string|null>,
   *   completions: import("./completion-view.js").Source[]}} options
   */
  constructor(self, options) {
    this.self = self;
    this.options = options;
    this.context = { ...options, self, onEdit: (message) => this.edit(message) };
    this.list = byId("message-list");
    this.history = byId("history");
    this.newer = byId("newer");
    this.jump = byId("jump");
    this.missed = 0;
    this.opening = false;
    /** @type {import("./timeline.js").Message|null} the one that is being edited */
    this.editing = null;
    /** @type {string|null} id of the one under way that the user wants to edit as soon as it can be */
    this.toEdit = null;
    /** @type {Model|null} */
    this.model = null;
    this.window = new RowWindow();
    this.scroller = new Scroller(byId("messages"), this.list, {
      isWhole: () => this.window.isAtEnd && !this.model?.hasNewer,
      onNearTop: () => this.#older(),
      onNearBottom: () => this.#newer(),
      onEnd: () => this.#reachedEnd(),
    });
    this.jump.addEventListener("click", () => this.toEnd());
    messageKeys(this.list, (number, action, row) => this.#act(number, action, row));
  }

  get atEnd() {
    return this.scroller.atEnd;
  }

  /** The number of the first message that is seen, where that is not the end. @returns {number|null} */
  get place() {
    return this.atEnd ? null : Number(this.scroller.firstVisible()?.dataset.number) || null;
  }

  /** Another conversation: from its end, or, where more is new than is seen there, from what is new. @param {Model} model */
  open(model) {
    this.editing = this.toEdit = null;
    this.missed = 0;
    this.window = new RowWindow();
    this.scroller.atEnd = true;
    this.opening = true; // what passes by at the end is not seen yet
    this.show(model);
    this.opening = false;
    const line = this.list.querySelector(".unread-line");
    const hidden = line && line.getBoundingClientRect().top < this.scroller.box.getBoundingClientRect().top;
    if (hidden) this.scroller.toLine(line, "start");
    else this.options.onSeen();
  }

  /**
   * @param {Model} model
   * @param {{missed?: number, toEnd?: boolean}} [options]  `missed`: of others, just come
   */
  show(model, { missed = 0, toEnd = false } = {}) {
    this.model = model;
    if (toEnd) {
      this.window.toEnd();
      this.scroller.atEnd = true;
    }
    if (!this.scroller.atEnd) this.missed += missed;
    this.scroller.during(() => {
      keep(this.list, this.#items(model));
      this.#showHistory(model);
    });
    this.#showJump();
    if (this.toEdit) this.#editArrived();
  }

  /** To the newest message; away from what is loaded, where it is not. */
  toEnd() {
    if (this.model?.hasNewer) this.options.onNewest();
    if (this.model) this.show(this.model, { toEnd: true });
    this.scroller.toEnd();
  }

  /**
   * Show a message that is loaded, and put the focus on it.
   * @param {number} number
   * @param {Model} model
   * @param {{quiet?: boolean}} [options]  `quiet`: it is only where the reader was
   */
  reveal(number, model = this.model, { quiet = false } = {}) {
    this.scroller.atEnd = false;
    this.window.around(model.rows, number);
    this.show(model);
    const line = this.list.querySelector(`[data-number="${number}"]`);
    if (!line) return;
    this.scroller.toLine(line, quiet ? "start" : "middle");
    if (quiet) return;
    line.focus({ preventScroll: true });
    line.classList.remove("is-sought");
    line.getBoundingClientRect(); // so that the animation begins anew
    line.classList.add("is-sought");
  }

  /** @param {import("./timeline.js").Message} message */
  edit(message) {
    this.editing = message;
    if (!this.list.querySelector(`[data-number="${message.number}"]`)) this.reveal(message.number);
    this.#redraw();
    const text = this.list.querySelector(".message-editor-text");
    text?.focus();
    text?.setSelectionRange(text.value.length, text.value.length);
  }

  /** Edit the last of one's own messages, if there is one; where that is still under way, once it has arrived. */
  editLast() {
    const last = this.model?.pending.at(-1);
    const own = this.model?.rows.findLast((row) => row.author.id === this.self.id && !row.deleted);
    // What was refused has its own Retry and Delete.
    if (last && last.id !== own?.client_id) this.toEdit = last.state === "failed" ? null : last.id;
    else if (own) this.edit(own);
  }

  #editArrived() {
    const arrived = this.model.rows.findLast((row) => row.client_id === this.toEdit && row.author.id === this.self.id);
    if (!arrived && this.model.pending.some(({ id }) => id === this.toEdit)) return;
    this.toEdit = null;
    // Who writes on, or went elsewhere meanwhile, is not called back.
    const field = byId("composer-text");
    if (arrived && !arrived.deleted && document.activeElement === field && field.value === "") this.edit(arrived);
  }

  /** Put the focus on a message that is shown. @param {number} number */
  focus(number) {
    this.list.querySelector(`[data-number="${number}"]`)?.focus({ preventScroll: true });
  }

  /** What a key asks for. @param {number} number @param {"reply"|"react"|"edit"} action @param {HTMLElement} row */
  #act(number, action, row) {
    const message = this.model?.rows.find((one) => one.number === number);
    if (!message || message.deleted) return;
    if (action === "reply") this.context.onReply(message);
    else if (action === "react") this.context.onPick(message, row.querySelector("[data-action=react]"));
    else if (message.author.id === this.self.id) this.edit(message);
  }

  #redraw() {
    if (this.model) this.show(this.model);
  }

  #older() {
    if (!this.model?.loaded) return;
    const { rows, more, older } = this.model;
    if (this.window.older(rows)) this.#redraw();
    else if (more && older === "idle") this.options.onOlder();
  }

  #newer() {
    if (!this.model?.loaded) return;
    const { rows, hasNewer, newer } = this.model;
    if (this.window.newer(rows)) this.#redraw();
    else if (hasNewer && newer === "idle") this.options.onNewer();
  }

  #items({ rows, pending, unread, hasNewer }) {
    const items = [];
    let previous;
    for (const message of this.window.of(rows, this.scroller.atEnd)) {
      if (!previous || !isSameDay(previous.at, message.at)) items.push(this.#day(message.at));
      if (message.number === unread) {
        items.push(unreadLine());
        previous = undefined; // who wrote it is said anew
      }
      items.push(this.#message(message, isGrouped(previous, message)));
      previous = message;
    }
    for (const entry of this.window.isAtEnd && !hasNewer ? pending : []) {
      const message = { author: this.self, at: entry.at };
      if (!previous || !isSameDay(previous.at, message.at)) items.push(this.#day(message.at));
      items.push(this.#pending(entry, isGrouped(previous, message)));
      previous = message;
    }
    return unique(items);
  }

  #day(at) {
    const name = this.options.times.day(at);
    return {
      key: `day ${new Date(at).toDateString()}`,
      stamp: name,
      make: () =>
        el(
          "li",
          { class: "day" },
          el("h2", { class: "day-name" }, el("time", { datetime: new Date(at).toISOString() }, name)),
        ),
    };
  }

  #message(message, grouped) {
    const edits = this.editing?.number === message.number && !message.deleted;
    return {
      key: `${message.author.id}:${message.client_id}`,
      // What is being typed stays, whatever happens to the message meanwhile; saving then says so.
      stamp: edits ? `editor ${grouped}` : rowStamp(message, grouped, this.context),
      make: () => (edits ? this.#editor(message, grouped) : messageRow(message, grouped, this.context)),
      update: (element) => {
        updateRow(element, message, this.context);
        showSeen(element, message.number === this.model?.seen);
      },
    };
  }

  #pending(entry, grouped) {
    return {
      key: `${this.self.id}:${entry.id}`,
      stamp: `${entry.state} ${grouped} ${entry.fault ?? ""}`,
      make: () => pendingRow(entry, this.self, grouped, this.context),
      update: (element) => updatePendingRow(element, entry, this.context),
    };
  }

  #editor(message, grouped) {
    const element = messageRow(message, grouped, this.context);
    const close = () => {
      this.editing = null;
      this.#redraw();
      byId("composer-text").focus();
    };
    const box = editor(message, this.options.completions, {
      onCancel: close,
      onSave: async (text) => {
        const fault = text === message.body ? null : await this.options.onSave(message, text);
        if (fault === null) close();
        else box.querySelector(".message-editor-fault").textContent = fault;
      },
    });
    element.querySelector(".message-actions")?.remove();
    element.querySelector(".message-body").replaceWith(box);
    element.classList.add("is-editing");
    return element;
  }

  #showHistory(model) {
    const isEmpty = model.loaded && model.rows.length + model.pending.length === 0;
    this.history.replaceChildren(...historyNote(model, isEmpty, this.options.onRetryHistory));
    this.history.classList.toggle("is-empty", isEmpty);
    this.newer.replaceChildren(...newerNote(model, this.options.onRetryHistory));
    const state = model.loaded ? model.older : model.first;
    byId("messages").setAttribute("aria-busy", String(state === "loading"));
  }

  #reachedEnd() {
    if (this.missed) {
      this.missed = 0;
      this.#showJump();
    } else this.jump.hidden = true;
    if (!this.opening) this.options.onSeen();
  }

  #showJump() {
    this.jump.hidden = this.scroller.atEnd;
    byId("jump-text").textContent = this.missed
      ? tn("{count} new message", "{count} new messages", this.missed)
      : t("Newest messages");
    this.jump.classList.toggle("has-news", this.missed > 0);
  }
}

/** A message that became part of the log while its entry was still there counts once. */
function unique(items) {
  const keys = new Set();
  return items.filter(({ key }) => !keys.has(key) && keys.add(key));
}

function unreadLine() {
  return {
    key: "unread",
    stamp: "",
    make: () => el("li", { class: "unread-line" }, el("h2", { class: "unread-name" }, t("New"))),
  };
}
