/** The text of one's own message, to be changed in its place. Enter saves, Escape leaves it as it is. */

import { CompletionView } from "./completion-view.js";
import { el } from "./dom.js";
import { isComposing } from "./keys.js";
import { t } from "./texts.js";

/**
 * @param {import("./timeline.js").Message} message
 * @param {import("./completion-view.js").Source[]} completions
 * @param {{onSave: (text: string) => void, onCancel: () => void}} listener
 */
export function editor(message, completions, { onSave, onCancel }) {
  const text = el("textarea", {
    class: "field message-editor-text",
    dir: "auto",
    rows: 1,
    "aria-label": t("Edit message"),
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
    "aria-controls": "editor-completion",
  });
  const list = el("ul", { class: "completion", id: "editor-completion", role: "listbox", hidden: true });
  const completion = new CompletionView(text, list, completions);
  text.value = message.body;
  const save = () => onSave(text.value);
  text.addEventListener("keydown", (event) => {
    if (isComposing(event) || completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      save();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onCancel();
    }
  });
  return el(
    "div",
    { class: "message-editor" },
    list,
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
