/**
 * The list beside a message field while something is typed that can be completed, an `:emoji` or an `@name`: the arrows
 * choose, Enter and Tab take, Escape leaves. The focus stays in the field (WAI-ARIA combobox).
 *
 * @typedef {{text: string, sign: () => Node, label: string, note?: string}} Option  `text` is what is put in
 * @typedef {object} Source
 * @property {() => string} label  of the list
 * @property {(text: string, caret: number) => {start: number, query: string, isWhole?: boolean}|null} query  what is
 *   typed before the caret; `isWhole`: it is complete, and taken where it is known
 * @property {(query: string, show: (options: Option[]) => void) => void} find  may show several times: what is known,
 *   then what the server knows
 * @property {(query: string) => Promise<string|null>} [whole]  what stands for a complete one
 */

import { el } from "./dom.js";

export class CompletionView {
  /** @param {HTMLTextAreaElement} field @param {HTMLElement} list @param {Source[]} sources */
  constructor(field, list, sources) {
    this.field = field;
    this.list = list;
    this.sources = sources;
    /** @type {Option[]} */
    this.options = [];
    this.chosen = 0;
    this.start = 0;
    this.asked = 0;
    field.addEventListener("input", () => this.#typed());
    field.addEventListener("blur", () => this.close());
    field.addEventListener("click", () => this.close());
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the focus stays in the field
      const option = event.target.closest("[role=option]");
      if (option) this.#take(this.options[Number(option.dataset.index)].text);
    });
  }

  get isOpen() {
    return this.options.length > 0;
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the list */
  key(event) {
    if (!this.isOpen) return false;
    const steps = { ArrowUp: -1, ArrowDown: 1 };
    const isPlain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!isPlain || (event.key === "Enter" && this.#isThere())) return false;
    if (event.key in steps) this.#choose(this.chosen + steps[event.key]);
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.options[this.chosen].text);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** Whether the chosen one was typed to its end: then Enter is what it is without the list. */
  #isThere() {
    const typed = this.field.value.slice(this.start, this.field.selectionStart);
    return typed.toLowerCase() === this.options[this.chosen].text.toLowerCase();
  }

  close() {
    this.asked += 1;
    this.#show([]);
  }

  async #typed() {
    const asked = (this.asked += 1);
    const { value, selectionStart } = this.field;
    const [source, found] = this.#found(value, selectionStart);
    if (!source) {
      this.#show([]);
      return;
    }
    const isOpen = () => asked === this.asked;
    this.list.setAttribute("aria-label", source.label());
    if (!found.isWhole) {
      source.find(found.query, (options) => {
        if (!isOpen()) return;
        this.start = found.start;
        this.#show(options);
      });
      return;
    }
    const text = await source.whole(found.query);
    if (!isOpen()) return;
    this.start = found.start;
    if (text) this.#take(text, "");
    else this.close();
  }

  #found(text, caret) {
    for (const source of this.sources) {
      const found = source.query(text, caret);
      if (found) return [source, found];
    }
    return [null, null];
  }

  #show(options) {
    const before = this.options[this.chosen]?.text;
    this.options = options;
    this.list.hidden = options.length === 0;
    this.list.replaceChildren(
      ...options.map(({ sign, label, note }, index) =>
        el(
          "li",
          { role: "option", id: `${this.list.id}-${index}`, "data-index": index, class: "completion-item" },
          sign(),
          el("span", {}, label),
          note && el("small", { class: "completion-note" }, note),
        ),
      ),
    );
    // What is chosen stays so where more becomes known.
    if (options.length) this.#choose(Math.max(0, options.findIndex(({ text }) => text === before)));
    else this.field.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    this.chosen = (index + this.options.length) % this.options.length;
    [...this.list.children].forEach((option, place) =>
      option.setAttribute("aria-selected", String(place === this.chosen)),
    );
    this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.chosen}`);
  }

  /** Put it in the place of what was typed. */
  #take(text, after = " ") {
    const { start } = this;
    this.close();
    this.field.setRangeText(text + after, start, this.field.selectionStart, "end");
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
