/** What can be done with a message. Reached with Tab from the message that has the focus: `message-keys.js`. */

import { el, icon } from "./dom.js";
import { t } from "./texts.js";

/**
 * @param {import("./timeline.js").Message} message @param {import("./message-row.js").Context} context
 * @returns {HTMLElement}
 */
export function toolbar(message, context) {
  const isOwn = message.author.id === context.self.id;
  const action = (name, label, run, keys = null) =>
    el(
      "button",
      {
        type: "button",
        class: "icon-button",
        tabindex: -1,
        "aria-label": label,
        title: keys ? `${label} (${keys})` : label,
        "aria-keyshortcuts": keys,
        "data-action": name,
        onclick: (event) => run(message, event.currentTarget),
      },
      icon(name),
    );
  return el(
    "div",
    { class: "message-actions", role: "group", "aria-label": t("What to do with the message") },
    action("react", t("Add a reaction"), context.onPick, "+"),
    action("reply", t("Reply"), context.onReply, "R"),
    action("link", t("Copy link"), context.onCopyLink),
    action("unread", t("Mark as unread"), context.onUnread),
    isOwn && action("edit", t("Edit"), context.onEdit, "E"),
    isOwn && action("delete", t("Delete"), context.onDelete),
  );
}
