/**
 * Messages by keyboard: the arrows go from one to the next, Tab goes to what can be done with it, and for what is
 * done often there is a letter. Only the message that has the focus, or had it last, is in the order of Tab; else each
 * would add six stops.
 */

import { chordOf } from "./keys.js";

const STEPS = { ArrowUp: -1, ArrowDown: 1 };
const ACTIONS = { r: "reply", "+": "react", e: "edit" };
const CONTROLS = "a, button";
const OF_THE_ACTIVE = ".message-head a, .message-actions button, .reactions button, .quote";

/**
 * @param {HTMLElement} list
 * @param {(number: number, action: "reply"|"react"|"edit", row: HTMLElement) => void} onAction
 */
export function messageKeys(list, onAction) {
  list.addEventListener("focusin", (event) => activate(list, event.target.closest(".message")));
  list.addEventListener("keydown", (event) => {
    const row = event.target.closest(".message[data-number]");
    const action = Object.hasOwn(ACTIONS, chordOf(event)) ? ACTIONS[chordOf(event)] : null;
    if (!row || !action || event.target.closest("textarea")) return;
    event.preventDefault();
    onAction(Number(row.dataset.number), action, row);
  });
  list.parentElement.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("textarea, a, button, pre")) return;
    const messages = [...list.querySelectorAll(".message")];
    const from = event.target.closest(".message");
    const to = target(messages, from, event.key);
    if (!to) return;
    event.preventDefault();
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
  });
}

function target(messages, from, key) {
  if (key === "End") return messages.at(-1);
  if (key === "Home") return messages[0];
  if (!(key in STEPS)) return undefined;
  return from ? messages[messages.indexOf(from) + STEPS[key]] : messages.at(-1);
}

function activate(list, message) {
  if (!message) return;
  for (const old of list.querySelectorAll(".message.is-active")) {
    if (old === message) return;
    old.classList.remove("is-active");
    for (const control of old.querySelectorAll(OF_THE_ACTIVE)) control.tabIndex = -1;
  }
  message.classList.add("is-active");
  for (const control of message.querySelectorAll(CONTROLS)) control.tabIndex = 0;
}
