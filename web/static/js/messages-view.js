/** The messages of the open conversation: days, groups, what is pending, and the ways to more. */

import { byId, el, keep, linkButton } from "./dom.js";
import { isGrouped, isSameDay } from "./format.js";
import { editor, messageRow, pendingRow } from "./message-row.js";
import { Scroller } from "./scroller.js";
import { t, tn } from "./texts.js";

/**
 * @typedef {object} Model
 * @property {import("./timeline.js").Message[]} rows
 * @property {import("./outbox.js").Entry[]} pending
 * @property {boolean} loaded
 * @property {boolean} more
 * @property {"idle"|"loading"|"failed"} newest  how loading goes
 * @property {"idle"|"loading"|"failed"} older
 * @property {string} empty  what to say where nothing was said yet
 */

export class MessagesView {
  /**
   * @param {import("./timeline.js").User} self
   * @param {Omit<import("./message-row.js").Context, "self"|"onEdit"> & {onOlder: () => void, onSeen: () => void,
   *   onRetryHistory: () => void, onSave: (message: object, text: string) => Promise<string|null>}} options
   */
  constructor(self, options) {
    this.self = self;
    this.options = options;
    this.context = { ...options, self: self.id, onEdit: (message) => this.edit(message) };
    this.list = byId("message-list");
    this.history = byId("history");
    this.jump = byId("jump");
    this.missed = 0;
    /** @type {import("./timeline.js").Message|null} the one that is being edited */
    this.editing = null;
    /** @type {Model|null} */
    this.model = null;
    this.scroller = new Scroller(byId("messages"), this.list, {
      onNearTop: () => this.model?.more && this.model.older === "idle" && options.onOlder(),
      onEnd: () => this.#reachedEnd(),
    });
    this.jump.addEventListener("click", () => this.scroller.toEnd());
  }

  get atEnd() {
    return this.scroller.atEnd;
  }

  /** Another conversation: from its end. @param {Model} model */
  open(model) {
    this.editing = null;
    this.missed = 0;
    this.scroller.atEnd = true;
    this.show(model);
  }

  /**
   * @param {Model} model
   * @param {{missed?: number, toEnd?: boolean}} [options]  `missed`: of others, just come
   */
  show(model, { missed = 0, toEnd = false } = {}) {
    this.model = model;
    if (toEnd) this.scroller.atEnd = true;
    if (!this.scroller.atEnd) this.missed += missed;
    this.scroller.during(() => {
      keep(this.list, this.#items(model));
      this.#showHistory(model);
    });
    this.#showJump();
  }

  /** @param {import("./timeline.js").Message} message */
  edit(message) {
    this.editing = message;
    this.#redraw();
    const text = this.list.querySelector(".message-editor-text");
    text?.focus();
    text?.setSelectionRange(text.value.length, text.value.length);
  }

  /** Edit the last of one's own messages, if there is one. */
  editLast() {
    const own = this.model?.rows.findLast((row) => row.author.id === this.self.id && !row.deleted);
    if (own) this.edit(own);
  }

  #redraw() {
    if (this.model) this.show(this.model);
  }

  #items({ rows, pending }) {
    const items = [];
    let previous;
    for (const message of rows) {
      if (!previous || !isSameDay(previous.at, message.at)) items.push(this.#day(message.at));
      items.push(this.#message(message, isGrouped(previous, message)));
      previous = message;
    }
    for (const entry of pending) {
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
      stamp: `${message.version} ${grouped} ${edits}`,
      make: () => (edits ? this.#editor(message, grouped) : messageRow(message, grouped, this.context)),
    };
  }

  #pending(entry, grouped) {
    return {
      key: `${this.self.id}:${entry.id}`,
      stamp: `${entry.state} ${grouped} ${entry.fault ?? ""}`,
      make: () => pendingRow(entry, this.self, grouped, this.context),
    };
  }

  #editor(message, grouped) {
    const element = messageRow(message, grouped, this.context);
    const close = () => {
      this.editing = null;
      this.#redraw();
      byId("composer-text").focus();
    };
    const box = editor(message, {
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

  #showHistory({ rows, pending, loaded, more, newest, older, empty }) {
    const state = loaded ? older : newest;
    const failed = loaded ? t("Could not load older messages.") : t("Could not load the messages.");
    const isEmpty = loaded && rows.length + pending.length === 0;
    let children = [];
    if (state === "failed")
      children = [
        el(
          "p",
          { class: "history-failed" },
          failed,
          " ",
          linkButton(t("Retry"), this.options.onRetryHistory),
        ),
      ];
    else if (!loaded && newest === "loading") children = [skeleton()];
    else if (older === "loading") children = [el("p", {}, t("Loading older messages…"))];
    else if (isEmpty) children = [el("p", { class: "history-empty" }, empty)];
    else if (loaded && !more && rows.length) children = [el("p", {}, t("This is where it began."))];
    this.history.replaceChildren(...children);
    this.history.classList.toggle("is-empty", isEmpty);
    byId("messages").setAttribute("aria-busy", String(state === "loading"));
  }

  #reachedEnd() {
    if (this.missed) {
      this.missed = 0;
      this.#showJump();
    } else this.jump.hidden = true;
    this.options.onSeen();
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

function skeleton() {
  const line = (size) => el("div", { class: `skeleton-line is-${size}` });
  const row = (size) =>
    el(
      "div",
      { class: "skeleton-row" },
      el("div", { class: "skeleton-avatar" }),
      el("div", { class: "skeleton-text" }, line("short"), line(size)),
    );
  return el(
    "div",
    { class: "skeleton" },
    el("span", { class: "visually-hidden" }, t("Loading messages…")),
    row("long"),
    row("middle"),
    row("long"),
  );
}
