/** A short notice of something that happened to the user, which they can put away. */

import { byId } from "./dom.js";

const BRIEF_MILLISECONDS = 4000;

export class NoticeView {
  constructor() {
    this.timer = 0;
    this.element = byId("notice");
    this.text = byId("notice-text");
    byId("notice-close").addEventListener("click", () => this.hide());
  }

  /** @param {string} text @param {{brief?: boolean}} [options]  `brief`: goes by itself */
  show(text, { brief = false } = {}) {
    clearTimeout(this.timer);
    this.timer = brief ? setTimeout(() => this.hide(), BRIEF_MILLISECONDS) : 0;
    this.text.textContent = text;
    this.element.classList.add("is-shown");
  }

  hide() {
    clearTimeout(this.timer);
    this.text.textContent = "";
    this.element.classList.remove("is-shown");
  }
}
