/**
 * The quick switcher: rooms and people by a few letters. A combobox with a list of options (WAI-ARIA): the focus stays
 * in the field, the arrows choose, Enter goes.
 */

import { avatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { byId, el, icon, keep } from "./dom.js";
import { matching } from "./match.js";
import { t } from "./texts.js";

const SHOWN = 12;
const NICKNAME = /^@?[\p{L}\p{N}_]{2,}$/u;

/**
 * @typedef {{key: string, name: string, kind: "room"|"direct", unread: number, peer?: object, note?: string,
 *   run: () => Promise<string|null>|void}} Choice
 */
export class SwitcherView extends Dialog {
  /**
   * @param {object} source
   * @param {() => Choice[]} source.open  the user's conversations, in the order to offer them
   * @param {() => Promise<Choice[]>} source.others  rooms that the user is not in
   * @param {(name: string) => Promise<string|null>} source.write  open a direct conversation by nickname
   */
  constructor(source) {
    super("switcher-dialog");
    this.source = source;
    this.field = byId("switcher-field");
    this.list = byId("switcher-list");
    this.state = byId("switcher-state");
    this.others = [];
    this.shown = [];
    this.chosen = 0;
    this.field.addEventListener("input", () => this.#show());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#go(this.shown[[...this.list.children].indexOf(option)]);
    });
  }

  open() {
    if (this.element.open) return;
    this.field.value = "";
    this.others = [];
    this.#show();
    super.open();
    this.field.focus();
    this.source.others().then(
      (others) => {
        this.others = others;
        this.#show();
      },
      () => {}, // what one is in can be gone to all the same
    );
  }

  #show() {
    const query = this.field.value.trim().replace(/^[#@]/, "");
    const own = this.source.open();
    const found = matching(own, query, SHOWN);
    if (query) found.push(...matching(this.others, query, SHOWN - found.length));
    if (this.#isNewName(query, own)) found.push(this.#person(query));
    this.shown = found;
    keep(
      this.list,
      found.map((choice, index) => ({
        key: choice.key,
        stamp: `${choice.name} ${choice.unread} ${index}`,
        make: () => this.#option(choice, index),
      })),
    );
    this.state.textContent = found.length ? "" : t("Nothing fits.");
    this.#choose(0);
  }

  #isNewName(query, own) {
    const isKnown = own.some(({ kind, name }) => kind === "direct" && name.toLowerCase() === query.toLowerCase());
    return NICKNAME.test(query) && !isKnown;
  }

  #person(name) {
    return {
      key: "write",
      name: t("Write to {name}", { name }),
      kind: "direct",
      unread: 0,
      run: () => this.source.write(name),
    };
  }

  #option(choice, index) {
    const sign = choice.peer
      ? avatar(choice.peer)
      : el("span", { class: "list-sign" }, icon(choice.kind === "room" ? "hash" : "person"));
    return el(
      "li",
      { role: "option", id: `switcher-${index}`, class: "switcher-item" },
      sign,
      el("span", { class: "list-name", dir: "auto" }, choice.name),
      choice.note && el("small", { class: "switcher-note" }, choice.note),
      choice.unread > 0 && el("span", { class: "badge" }, String(choice.unread)),
    );
  }

  #choose(index) {
    if (!this.shown.length) {
      this.field.removeAttribute("aria-activedescendant");
      return;
    }
    this.chosen = (index + this.shown.length) % this.shown.length;
    [...this.list.children].forEach((option, place) =>
      option.setAttribute("aria-selected", String(place === this.chosen)),
    );
    this.field.setAttribute("aria-activedescendant", `switcher-${this.chosen}`);
    this.list.children[this.chosen].scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    if (event.isComposing) return;
    const steps = { ArrowUp: -1, ArrowDown: 1 };
    if (event.key in steps) this.#choose(this.chosen + steps[event.key]);
    else if (event.key === "Enter") this.#go(this.shown[this.chosen]);
    else return;
    event.preventDefault();
  }

  async #go(choice) {
    if (!choice) return;
    const fault = await choice.run();
    if (fault) this.state.textContent = fault;
    else this.done();
  }
}
