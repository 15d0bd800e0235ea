/** Who put which reaction under a message: everybody, by name. */

import { avatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { byId, el } from "./dom.js";
import { t } from "./texts.js";

export class ReactorsDialog extends Dialog {
  /** @param {{emojiName: (emoji: string) => string, nameOf: (user: number) => string|undefined}} source */
  constructor(source) {
    super("reactors-dialog");
    this.source = source;
    this.list = byId("reactors");
    /** @type {import("./reactions.js").Reaction[]} */
    this.reactions = [];
  }

  /** @param {import("./reactions.js").Reaction[]} reactions */
  ask(reactions) {
    this.reactions = reactions;
    this.draw();
    this.open();
  }

  /** Names have come since. */
  draw() {
    this.list.replaceChildren(...this.reactions.map((reaction) => this.#group(reaction)));
  }

  #group({ emoji, users }) {
    const person = (id) => {
      const name = this.source.nameOf(id);
      return el("li", { class: "reactor" }, avatar({ id, name: name ?? "?" }), el("span", {}, name ?? t("Loading…")));
    };
    return el(
      "section",
      {},
      el(
        "h3",
        { class: "reactors-title" },
        el("span", { class: "reaction-emoji", "aria-hidden": "true" }, emoji),
        el("span", {}, this.source.emojiName(emoji)),
        el("span", { class: "reactors-count" }, String(users.length)),
      ),
      el("ul", {}, ...users.map(person)),
    );
  }
}
