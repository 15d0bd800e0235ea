/** The elements of one message. The only place that turns a message into something to see. */

import { avatar } from "./avatar.js";
import { el, icon, linkButton } from "./dom.js";
import { linkify } from "./linkify.js";
import { t } from "./texts.js";

/**
 * @typedef {object} Context
 * @property {import("./format.js").Times} times
 * @property {number} self  the user's id
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
  const actions = own && !message.deleted ? ownActions(message, context) : null;
  return row({ author: message.author, at: message.at, own, grouped, context }, content, actions);
}

/**
 * A message that is not in the log yet, or never will be.
 * @param {import("./outbox.js").Entry} entry @param {import("./timeline.js").User} author
 * @param {boolean} grouped @param {Context} context
 */
export function pendingRow(entry, author, grouped, context) {
  const failed = entry.state === "failed" ? failure(entry, context) : null;
  const element = row({ author, at: entry.at, own: true, grouped, context }, body(entry.body), failed);
  element.classList.add(`is-${entry.state}`);
  if (entry.state === "pending")
    element.querySelector(".message-body").append(el("span", { class: "message-mark" }, t("sending…")));
  return element;
}

function row({ author, at, own, grouped, context }, content, extra) {
  const classes = ["message", own && "is-own", grouped && "is-grouped"].filter(Boolean).join(" ");
  const time = el(
    "time",
    { class: "message-time", datetime: new Date(at).toISOString(), title: context.times.full(at) },
    context.times.time(at),
  );
  const name = el("span", { class: grouped ? "visually-hidden" : "message-author" }, author.name);
  return el(
    "li",
    { class: classes },
    grouped ? null : avatar(author),
    el("div", { class: "message-head" }, name, time),
    content,
    extra,
  );
}

/** Text with its links; never HTML. @param {string} text @param {Node|null} [mark] */
function body(text, mark = null) {
  const parts = linkify(text).map(({ text: part, href }) =>
    href ? el("a", { href, rel: "noopener noreferrer nofollow", target: "_blank" }, part) : part,
  );
  return el(
    "div",
    { class: "message-body" },
    el("span", { class: "message-text", dir: "auto" }, ...parts),
    mark,
  );
}

function editedMark(at, { times }) {
  return el("span", { class: "message-mark", title: times.full(at) }, t("edited"));
}

function ownActions(message, { onEdit, onDelete }) {
  const action = (name, label, run) =>
    el(
      "button",
      {
        type: "button",
        class: "icon-button",
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
    action("edit", t("Edit"), onEdit),
    action("delete", t("Delete"), onDelete),
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

/** The text of one's own message, to be changed. Enter saves, Escape leaves it as it is. */
export function editor(message, { onSave, onCancel }) {
  const text = el("textarea", {
    class: "field message-editor-text",
    dir: "auto",
    rows: 1,
    "aria-label": t("Edit message"),
  });
  text.value = message.body;
  const save = () => onSave(text.value);
  text.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      save();
    } else if (event.key === "Escape") {
      event.preventDefault();
      onCancel();
    }
  });
  return el(
    "div",
    { class: "message-editor" },
    text,
    el("p", { class: "message-editor-fault", role: "alert" }),
    el(
      "div",
      { class: "button-row" },
      el("button", { type: "button", class: "button is-primary is-small", onclick: save }, t("Save")),
      el("button", { type: "button", class: "button is-small", onclick: onCancel }, t("Cancel")),
    ),
  );
}
