/** The elements of one message. The only place that turns a message into something to see. */

import { avatar } from "./avatar.js";
import { el, icon, linkButton } from "./dom.js";
import { messageText } from "./markdown-view.js";
import { callsUser, mentionOf } from "./mentions.js";
import { toolbar } from "./message-toolbar.js";
import { quote, quoteStamp } from "./quote-view.js";
import { showReactions } from "./reactions-view.js";
import { t } from "./texts.js";

/**
 * @typedef {object} Context
 * @property {import("./format.js").Times} times
 * @property {import("./timeline.js").User} self
 * @property {(message: {room: number, number: number}) => string} addressOf  its permalink
 * @property {(room: number, number: number) => import("./timeline.js").Message|null|undefined} original
 * @property {import("./reactions.js").Reactions} reactions
 * @property {(user: number) => string|null|undefined} nameOf
 * @property {(emoji: string) => string} emojiName
 * @property {(names: string[]) => string} list  "a, b and c"
 * @property {(message: import("./timeline.js").Message, anchor: HTMLElement) => void} onPick  choose a reaction
 * @property {(message: import("./timeline.js").Message) => void} onWho  reacted
 * @property {(message: import("./timeline.js").Message) => void} onReply
 * @property {(message: import("./timeline.js").Message) => void} onCopyLink
 * @property {(message: import("./timeline.js").Message) => void} onUnread  it and what follows
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
  const own = message.author.id === context.self.id;
  const content = message.deleted
    ? el("p", { class: "message-gone" }, t("This message was deleted"))
    : body(
        messageText(message.body, (name) => mentionOf(name, message, context.self, context.nameOf)),
        message.edited_at ? editedMark(message.edited_at, context) : null,
      );
  const time = el(
    "a",
    { class: "message-time", href: context.addressOf(message), "data-route": true, tabindex: -1 },
    timeOf(message.at, context),
  );
  const parts = [content, message.deleted ? null : toolbar(message, context)];
  const element = row({ author: message.author, time, own, grouped }, ...parts);
  element.classList.toggle("is-calling", callsUser(message, context.self));
  element.dataset.number = String(message.number);
  return element;
}

/**
 * What tells one look of a message's own elements from another. What it quotes and the reactions are not among them:
 * they change while somebody edits the message, or has the focus in it.
 * @param {import("./timeline.js").Message} message @param {boolean} grouped @param {Context} context
 */
export function rowStamp(message, grouped, { nameOf }) {
  const called = (message.mentions ?? []).map((user) => nameOf(user) ?? user).join(" ");
  return `${message.body_version} ${Boolean(message.deleted)} ${grouped} ${called}`;
}

/**
 * Bring up to date what changes within a row: what it quotes, and its reactions.
 * @param {HTMLElement} element @param {import("./timeline.js").Message} message @param {Context} context
 */
export function updateRow(element, message, context) {
  showQuote(element, message.room, message.deleted ? null : message.reply_to, context);
  showReactions(element, message, context);
}

/** Say under a message, or no longer, that the other has read it. @param {HTMLElement} element @param {boolean} isSeen */
export function showSeen(element, isSeen) {
  const held = element.querySelector(":scope > .message-seen");
  if (Boolean(held) === isSeen) return;
  if (held) held.remove();
  else element.append(el("p", { class: "message-seen" }, icon("check"), t("Seen")));
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
  const text = body(messageText(entry.body), mark);
  const element = row({ author, time, own: true, grouped }, text, failed);
  element.classList.add(`is-${entry.state}`);
  return element;
}

/** @param {HTMLElement} element @param {import("./outbox.js").Entry} entry @param {Context} context */
export function updatePendingRow(element, entry, context) {
  showQuote(element, entry.room, entry.reply_to, context);
}

function showQuote(element, room, number, context) {
  const held = element.querySelector(":scope > .quote");
  const original = number ? context.original(room, number) : null;
  const stamp = number ? `${number} ${quoteStamp(original)}` : "";
  if ((held?.dataset.stamp ?? "") === stamp) return;
  if (!number) {
    held?.remove();
    return;
  }
  const made = quote(original, context.addressOf({ room, number }));
  made.dataset.stamp = stamp;
  if (!held) element.querySelector(":scope > .message-head").after(made);
  else {
    held.replaceChildren(...made.childNodes); // the link stays, and with it the focus
    held.dataset.stamp = stamp;
  }
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

/** @param {HTMLElement} text @param {Node|null} mark */
function body(text, mark) {
  return el("div", { class: "message-body" }, text, mark);
}

function editedMark(at, { times }) {
  return el("span", { class: "message-mark", title: times.full(at) }, t("edited"));
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
