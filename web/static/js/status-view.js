/** Says that the connection is lost, once that has lasted long enough to matter, and for how long it takes. */

import { byId } from "./dom.js";
import { t } from "./texts.js";

const LATE_MILLISECONDS = 1000; // a restart is over by then and goes unnoticed

export class StatusView {
  constructor() {
    this.element = byId("status");
    this.timer = 0;
    this.up = false;
  }

  connected() {
    this.up = true;
    this.#after(0, "");
  }

  disconnected() {
    if (!this.up && this.timer) return;
    this.up = false;
    const text = navigator.onLine
      ? t("Connection lost. Reconnecting… What you write is kept and sent then.")
      : t("You are offline. What you write is kept and sent when you are back.");
    this.#after(LATE_MILLISECONDS, text);
  }

  /** Nothing helps but loading the page again. */
  outdated() {
    this.#after(0, t("This page is older than the server. Please reload it."));
  }

  #after(milliseconds, text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.element.textContent = text;
      this.element.classList.toggle("is-shown", text !== "");
    }, milliseconds);
  }
}
