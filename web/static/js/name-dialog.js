/** The dialog that asks for one name. It is there from the start: who opens it types on at once. */

import { Dialog } from "./dialog.js";

/** Asks for one name, and shows beside it why it was not taken. */
export class NameDialog extends Dialog {
  /**
   * @param {string} id
   * @param {(name: string) => Promise<string|null>} submit  the fault, or null where it is done
   */
  constructor(id, submit) {
    super(id);
    this.form = this.element.querySelector("form");
    this.input = this.element.querySelector("input");
    this.fault = this.element.querySelector(".field-fault");
    this.busy = false;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.busy) this.#submit(submit);
    });
    this.input.addEventListener("input", () => this.#show(""));
  }

  open() {
    this.input.value = "";
    this.#show("");
    super.open();
    this.input.focus();
  }

  async #submit(submit) {
    this.busy = true;
    this.form.setAttribute("aria-busy", "true");
    const fault = await submit(this.input.value).finally(() => {
      this.busy = false;
      this.form.removeAttribute("aria-busy");
    });
    if (!this.element.open) return;
    if (fault === null) this.done();
    else {
      this.#show(fault);
      this.input.focus();
    }
  }

  #show(fault) {
    this.fault.textContent = fault;
    this.input.setAttribute("aria-invalid", String(fault !== ""));
  }
}
