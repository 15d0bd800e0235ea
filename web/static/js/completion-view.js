/**
 * The list of emoji above the message field while a `:name` is typed: the arrows choose, Enter and Tab take, Escape
 * leaves. The focus stays in the field (WAI-ARIA combobox).
 */

import { emojiMatches, emojiQuery } from "./completion.js";
import { byId, el } from "./dom.js";
import { lazily } from "./lazy.js";

const library = lazily((attempt) => import(`../vendor/emoji.js${attempt}`));

export class CompletionView {
  /** @param {HTMLTextAreaElement} field */
  constructor(field) {
    this.field = field;
    this.list = byId("completion");
    /** @type {{name: string, character: string}[]} */
    this.matches = [];
    this.chosen = 0;
    this.start = 0;
    this.asked = 0;
    field.addEventListener("input", () => this.#typed());
    field.addEventListener("blur", () => this.close());
    field.addEventListener("click", () => this.close());
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the focus stays in the field
      const option = event.target.closest("[role=option]");
      if (option) this.#take(this.matches[Number(option.dataset.index)].character);
    });
  }

  get isOpen() {
    return this.matches.length > 0;
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the list */
  key(event) {
    if (!this.isOpen) return false;
    const steps = { ArrowUp: -1, ArrowDown: 1 };
    if (event.key in steps) this.#choose(this.chosen + steps[event.key]);
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.matches[this.chosen].character);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  close() {
    this.asked += 1;
    this.#show([]);
  }

  async #typed() {
    const query = emojiQuery(this.field.value, this.field.selectionStart);
    if (!query) {
      this.close();
      return;
    }
    const asked = (this.asked += 1);
    const emoji = (await library())?.default;
    if (asked !== this.asked || !emoji) return;
    this.start = query.start;
    if (!query.isWhole) this.#show(emojiMatches(emoji, query.query));
    else if (Object.hasOwn(emoji, query.query)) this.#take(emoji[query.query], "");
    else this.close();
  }

  #show(matches) {
    this.matches = matches;
    this.list.hidden = matches.length === 0;
    this.list.replaceChildren(
      ...matches.map(({ name, character }, index) =>
        el(
          "li",
          { role: "option", id: `completion-${index}`, "data-index": index, class: "completion-item" },
          el("span", { class: "completion-character", "aria-hidden": "true" }, character),
          el("span", {}, `:${name}:`),
        ),
      ),
    );
    if (matches.length) this.#choose(0);
    else this.field.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    this.chosen = (index + this.matches.length) % this.matches.length;
    [...this.list.children].forEach((option, place) =>
      option.setAttribute("aria-selected", String(place === this.chosen)),
    );
    this.field.setAttribute("aria-activedescendant", `completion-${this.chosen}`);
  }

  /** Put it in the place of what was typed. */
  #take(character, after = " ") {
    const { start } = this;
    this.close();
    this.field.setRangeText(character + after, start, this.field.selectionStart, "end");
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
