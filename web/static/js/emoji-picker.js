/**
 * Choosing an emoji: those that are often used, then all by group; or by a word. The arrows go through the grid as it
 * is seen, Page keys from group to group; letters lead back to the search.
 */

import { Dialog } from "./dialog.js";
import { byId, el } from "./dom.js";
import { groupsOf, namesOf, searched, spoken } from "./emoji.js";
import { emojiList } from "./emoji-library.js";
import { t, tn } from "./texts.js";

const COLUMNS = 8;
const GAP_PIXELS = 6;

export class EmojiPicker extends Dialog {
  /** @param {import("./favourites.js").Favourites} favourites */
  constructor(favourites) {
    super("picker-dialog");
    this.favourites = favourites;
    this.field = byId("picker-field");
    this.groups = byId("picker-groups");
    this.state = byId("picker-state");
    /** @type {HTMLElement[][]} the cells as they are seen, row by row */
    this.rows = [];
    this.listener = { onTake: () => {}, onLost: () => {} };
    this.field.addEventListener("input", () => this.#search());
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.groups.addEventListener("click", (event) => this.#take(event.target.closest(".picker-cell")));
    this.element.addEventListener("close", () => {
      this.groups.replaceChildren();
      if (document.activeElement === document.body) this.listener.onLost();
    });
  }

  /**
   * @param {HTMLElement} anchor  beside which it opens
   * @param {{onTake: (emoji: string) => void, onLost: () => void}} listener  `onLost`: what had the focus before is gone
   */
  async ask(anchor, listener) {
    this.listener = listener;
    this.field.value = "";
    this.state.textContent = t("Loading emoji…");
    this.open();
    this.#place(anchor.getBoundingClientRect());
    this.field.focus();
    this.list = await emojiList();
    if (!this.element.open) return;
    if (!this.list) this.state.textContent = t("The emoji could not be loaded. Try again shortly.");
    else this.#search();
  }

  #search() {
    if (!this.list) return;
    const query = this.field.value.trim();
    const found = query ? [{ title: t("Found"), emoji: searched(this.list, query) }] : this.#all();
    this.rows = [];
    this.groups.replaceChildren(...found.filter(({ emoji }) => emoji.length).map((group) => this.#group(group)));
    this.groups.scrollTop = 0;
    const first = this.rows[0]?.[0];
    if (first) first.tabIndex = 0;
    this.state.textContent = query ? tn("{count} found", "{count} found", this.rows.flat().length) : "";
  }

  #all() {
    const names = namesOf(this.list);
    const often = this.favourites.best(COLUMNS).map((character) => ({ character, name: names.get(character) ?? "" }));
    return [{ title: t("Often used"), emoji: often }, ...groupsOf(this.list)];
  }

  #group({ title, emoji }) {
    const rows = [];
    for (let from = 0; from < emoji.length; from += COLUMNS) rows.push(emoji.slice(from, from + COLUMNS).map(cell));
    this.rows.push(...rows);
    return el(
      "section",
      { class: "picker-group" },
      el("h3", { class: "picker-title" }, title),
      el(
        "div",
        { role: "grid", "aria-label": title },
        ...rows.map((row) => el("div", { role: "row", class: "picker-row" }, ...row)),
      ),
    );
  }

  #key(event) {
    const { key, target } = event;
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target === this.field) {
      if (key === "ArrowDown") this.#go(event, this.rows[0]?.[0]);
      else if (key === "Enter") {
        event.preventDefault();
        if (this.field.value.trim()) this.#take(this.rows[0]?.[0]);
      }
    } else if (key === "Enter" || key === " ") {
      const cell = target.closest(".picker-cell");
      if (cell) event.preventDefault();
      this.#take(cell);
    } else if (key.length === 1) this.field.focus(); // where the letter goes then
    else this.#move(event);
  }

  #move(event) {
    const row = this.rows.findIndex((cells) => cells.includes(event.target));
    if (row < 0) return;
    const cells = this.rows[row];
    const column = cells.indexOf(event.target);
    const below = (next) => next && (next[column] ?? next.at(-1));
    const moves = {
      ArrowRight: () => cells[column + 1] ?? this.rows[row + 1]?.[0],
      ArrowLeft: () => cells[column - 1] ?? this.rows[row - 1]?.at(-1),
      ArrowDown: () => below(this.rows[row + 1]),
      ArrowUp: () => below(this.rows[row - 1]) ?? this.field,
      Home: () => cells[0],
      End: () => cells.at(-1),
      PageDown: () => this.#groupFrom(event.target, 1),
      PageUp: () => this.#groupFrom(event.target, -1),
    };
    if (Object.hasOwn(moves, event.key)) this.#go(event, moves[event.key]());
  }

  #groupFrom(cell, step) {
    const groups = [...this.groups.children];
    return groups[groups.indexOf(cell.closest(".picker-group")) + step]?.querySelector(".picker-cell");
  }

  #go(event, target) {
    event.preventDefault();
    if (!target) return;
    if (target !== this.field) {
      for (const old of this.groups.querySelectorAll(".picker-cell[tabindex='0']")) old.tabIndex = -1;
      target.tabIndex = 0;
    }
    target.focus();
  }

  #take(cell) {
    if (!cell) return;
    const emoji = cell.textContent;
    this.favourites.took(emoji);
    this.close();
    this.listener.onTake(emoji);
  }

  /** Beside the anchor, wholly in the window; on a narrow screen the style sheet puts it at the bottom. */
  #place(anchor) {
    const { width, height } = this.element.getBoundingClientRect();
    const below = anchor.bottom + GAP_PIXELS;
    const top = below + height < innerHeight ? below : anchor.top - height - GAP_PIXELS;
    const left = anchor.right - width;
    const within = (value, most) => Math.max(GAP_PIXELS, Math.min(value, most - GAP_PIXELS));
    this.element.style.setProperty("--top", `${within(top, innerHeight - height)}px`);
    this.element.style.setProperty("--left", `${within(left, innerWidth - width)}px`);
  }
}

function cell({ name, character }) {
  const label = spoken(name);
  return el(
    "span",
    { role: "gridcell", class: "picker-cell", tabindex: -1, "aria-label": label, title: label },
    character,
  );
}
