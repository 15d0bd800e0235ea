/** What the next message answers: a bar above the message field. */

import { byId, el } from "./dom.js";
import { quoteParts } from "./quote-view.js";
import { t } from "./texts.js";

export class ReplyBar {
  /** @param {() => void} onCancel */
  constructor(onCancel) {
    this.bar = byId("reply-bar");
    this.text = byId("reply-about");
    /** @type {number|null} of the message */
    this.number = null;
    byId("reply-cancel").addEventListener("click", onCancel);
  }

  /**
   * @param {number|null} number  null: it answers none
   * @param {import("./timeline.js").Message|null|undefined} [original]
   */
  show(number, original) {
    this.number = number;
    this.bar.hidden = number === null;
    const label = el("span", { class: "visually-hidden" }, t("In reply to:"), " ");
    this.text.replaceChildren(...(number === null ? [] : [label, ...quoteParts(original)]));
  }
}
