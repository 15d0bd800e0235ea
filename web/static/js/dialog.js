/** A `<dialog>` element, which keeps the focus inside and gives it back afterwards, and the question before a deed. */

import { byId } from "./dom.js";

/** Open and close of one dialog. A click beside it closes it, as Escape does. */
export class Dialog {
  /** @param {string} id */
  constructor(id) {
    this.element = byId(id);
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.close();
    });
    for (const button of this.element.querySelectorAll("[data-close]")) {
      button.addEventListener("click", () => this.close());
    }
  }

  open() {
    this.element.showModal();
  }

  close() {
    this.element.close();
  }

  /** It led to another conversation: there the focus goes, not back to where the dialog was opened. */
  done() {
    this.close();
    this.element.dispatchEvent(new Event("done"));
  }
}

/** Asks before something that can not be undone. */
export class ConfirmDialog extends Dialog {
  constructor() {
    super("confirm-dialog");
    byId("confirm-yes").addEventListener("click", () => {
      this.close();
      this.run();
    });
    this.run = () => {};
  }

  /** @param {{title: string, text: string, action: string}} words @param {() => void} run */
  ask({ title, text, action }, run) {
    byId("confirm-title").textContent = title;
    byId("confirm-text").textContent = text;
    byId("confirm-yes").textContent = action;
    this.run = run;
    this.open();
  }
}
