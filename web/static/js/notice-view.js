/** A short notice of something that happened to the user, which they can put away. */

import { byId } from "./dom.js";

export class NoticeView {
  constructor() {
    this.element = byId("notice");
    this.text = byId("notice-text");
    byId("notice-close").addEventListener("click", () => this.hide());
  }

  /** @param {string} text */
  show(text) {
    this.text.textContent = text;
    this.element.classList.add("is-shown");
  }

  hide() {
    this.text.textContent = "";
    this.element.classList.remove("is-shown");
  }
}
