/**
 * Messages by keyboard: the arrows go from one to the next, Tab goes to what can be done with it. Only the message
 * that has the focus, or had it last, is in the order of Tab; else each would add four stops.
 */

const STEPS = { ArrowUp: -1, ArrowDown: 1 };
const CONTROLS = "a, button";

/** @param {HTMLElement} list */
export function messageKeys(list) {
  list.addEventListener("focusin", (event) => activate(list, event.target.closest(".message")));
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
    for (const control of old.querySelectorAll(`.message-head a, .message-actions button`)) control.tabIndex = -1;
  }
  message.classList.add("is-active");
  for (const control of message.querySelectorAll(CONTROLS)) control.tabIndex = 0;
}
