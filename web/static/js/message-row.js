/** The elements of one message. The only place that turns a message into something to see. */

import { avatar } from "./avatar.js";
import { el, icon, linkButton } from "./dom.js";
import { messageText } from "./markdown-view.js";
import { t } from "./texts.js";

/**
 * @typedef {object} Context
 * @property {import("./format.js").Times} times
 * @property {number} self  the user's id
 * @property {(message: import("./timeline.js").Message) => string} addressOf  its permalink
 * @property {(message: import("./timeline.js").Message) => void} onCopyLink
 * @property {(message: import("./timeline.js").Message) => void} onEdit
 * @property {(message: import("./timeline.js").Message) => void} onDelete
 * @property {(id: string) => void} onRetry  a failed one
 * @property {(id: string) => void} onDiscard
 */

/**
 * A message of the log.
 * @param {import("./timeline.js").Message} message @param {boolean} grouped @param {Context} context
 */
export function messageRow(message, grouped, context) {
  const own = message.author.id === context.self;
  const content = message.deleted
    ? el("p", { class: "message-gone" }, t("This message was deleted"))
    : body(message.body, message.edited_at ? editedMark(message.edited_at, context) : null);
  const time = el(
    "a",
    { class: "message-time", href: context.addressOf(message), "data-route": true, tabindex: -1 },
    timeOf(message.at, context),
  );
  const parts = [content, message.deleted ? null : actions(message, own, context)];
  const element = row({ author: message.author, time, own, grouped }, ...parts);
  element.dataset.number = String(message.number);
  return element;
}

/**
 * A message that is not in the log yet, or never will be.
 * @param {import("./outbox.js").Entry} entry @param {import("./timeline.js").User} author
 * @param {boolean} grouped @param {Context} context
 */
export function pendingRow(entry, author, grouped, context) {
  const failed = entry.state === "failed" ? failure(entry, context) : null;
  const mark =
    entry.state === "pending" ? el("span", { class: "message-mark" }, icon("clock"), t("sending…")) : null;
  const time = el("span", { class: "message-time" }, timeOf(entry.at, context));
  const element = row({ author, time, own: true, grouped }, body(entry.body, mark), failed);
  element.classList.add(`is-${entry.state}`);
  return element;
}

function row({ author, time, own, grouped }, ...content) {
  const classes = ["message", own && "is-own", grouped && "is-grouped"].filter(Boolean).join(" ");
  const name = el("span", { class: grouped ? "visually-hidden" : "message-author" }, author.name);
  return el(
    "li",
    { class: classes, tabindex: -1 },
    grouped ? null : avatar(author),
    el("div", { class: "message-head" }, name, time),
    ...content,
  );
}

function timeOf(at, { times }) {
  return el("time", { datetime: new Date(at).toISOString(), title: times.full(at) }, times.time(at));
}

/** @param {string} text @param {Node|null} mark */
function body(text, mark) {
  return el("div", { class: "message-body" }, messageText(text), mark);
}

function editedMark(at, { times }) {
  return el("span", { class: "message-mark", title: times.full(at) }, t("edited"));
}

function actions(message, own, { onCopyLink, onEdit, onDelete }) {
  // Reached with Tab from the message that has the focus: `message-keys.js`.
  const action = (name, label, run) =>
    el(
      "button",
      {
        type: "button",
        class: "icon-button",
        tabindex: -1,
        "aria-label": label,
        title: label,
        "data-action": name,
        onclick: () => run(message),
      },
      icon(name),
    );
  return el(
    "div",
    { class: "message-actions" },
    action("link", t("Copy link"), onCopyLink),
    own && action("edit", t("Edit"), onEdit),
    own && action("delete", t("Delete"), onDelete),
  );
}

function failure(entry, { onRetry, onDiscard }) {
  return el(
    "div",
    { class: "message-failure" },
    icon("warning"),
    el("span", {}, t("Not sent. {reason}", { reason: entry.fault ?? "" })),
    linkButton(t("Retry"), () => onRetry(entry.id)),
    linkButton(t("Delete"), () => onDiscard(entry.id)),
  );
}
