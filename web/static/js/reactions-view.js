/** The reactions under a message: a button for each emoji, pressed where one's own is among them. */

import { el, icon } from "./dom.js";
import { t, tn } from "./texts.js";

const NAMED_MOST = 20; // people whom a label names; the dialog names all

/** @type {WeakMap<HTMLElement, import("./timeline.js").Message>} what a row shows now: its buttons stay while it changes */
const shown = new WeakMap();

/**
 * Bring what stands under a message up to date, and leave alone what has the focus.
 * @param {HTMLElement} row @param {import("./timeline.js").Message} message @param {import("./message-row.js").Context} context
 */
export function showReactions(row, message, context) {
  shown.set(row, message);
  const reactions = context.reactions.of(message);
  const chips = reactions.map((reaction) => describe(reaction, context));
  const stamp = JSON.stringify(chips);
  let box = row.querySelector(":scope > .reactions");
  if (!box && chips.length === 0) return;
  if (!box) {
    box = el("div", { class: "reactions", role: "group", "aria-label": t("Reactions") }, moreButtons(row, context));
    row.append(box);
  }
  if (box.dataset.stamp === stamp) return;
  box.dataset.stamp = stamp;
  const hadFocus = box.contains(document.activeElement);
  if (chips.length) place(box, chips, row, context);
  else box.remove();
  if (hadFocus && !row.contains(document.activeElement)) row.focus({ preventScroll: true });
}

/** Who reacted, in words. @param {number[]} users @param {import("./message-row.js").Context} context */
function who(users, { self, nameOf, list }) {
  const isSelf = (user) => user === self.id;
  const named = [...users.filter(isSelf), ...users.filter((user) => !isSelf(user))]
    .slice(0, NAMED_MOST)
    .map((user) => (isSelf(user) ? t("You") : nameOf(user)))
    .filter(Boolean);
  const others = users.length - named.length;
  return list([...named, ...(others ? [tn("{count} other", "{count} others", others)] : [])]);
}

function describe({ emoji, users }, context) {
  const name = context.emojiName(emoji);
  const names = who(users, context);
  const count = tn("{count} reaction", "{count} reactions", users.length);
  return {
    emoji,
    count: users.length,
    label: t("{emoji}, {count}: {names}", { emoji: name, count, names }),
    tip: t("{names}: {emoji}", { names, emoji: name }),
    pressed: users.includes(context.self.id),
  };
}

function place(box, chips, row, context) {
  const held = new Map([...box.querySelectorAll(".reaction")].map((chip) => [chip.dataset.emoji, chip]));
  const wanted = new Set(chips.map(({ emoji }) => emoji));
  for (const [emoji, chip] of held) if (!wanted.has(emoji)) chip.remove();
  const more = box.querySelector(".reactions-more");
  for (const { emoji, count, label, tip, pressed } of chips) {
    const chip = held.get(emoji) ?? made(emoji, row, context);
    chip.setAttribute("aria-label", label);
    chip.setAttribute("aria-pressed", String(pressed));
    chip.dataset.tip = tip;
    chip.lastElementChild.textContent = String(count);
    if (!chip.isConnected) more.before(chip); // what is new stands last: nothing moves under a finger
  }
}

function made(emoji, row, context) {
  return el(
    "button",
    {
      type: "button",
      class: "reaction",
      "data-emoji": emoji,
      tabindex: stop(row),
      onclick: () => context.reactions.toggle(shown.get(row), emoji),
    },
    el("span", { class: "reaction-emoji", "aria-hidden": "true" }, emoji),
    el("span", { class: "reaction-count", "aria-hidden": "true" }),
  );
}

function moreButtons(row, context) {
  const button = (name, label, run) =>
    el(
      "button",
      {
        type: "button",
        class: "reactions-button",
        "aria-label": label,
        title: label,
        tabindex: stop(row),
        onclick: (event) => run(shown.get(row), event.currentTarget),
      },
      icon(name),
    );
  return el(
    "span",
    { class: "reactions-more" },
    button("react", t("Add a reaction"), context.onPick),
    button("people", t("Who reacted"), context.onWho),
  );
}

/** Only the controls of the message that has the focus are in the order of Tab. */
function stop(row) {
  return row.classList.contains("is-active") ? 0 : -1;
}
