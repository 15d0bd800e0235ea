/** After a long paste: the offer to make a fenced block of it. What was pasted stands in the field in any case. */

import { byId } from "./dom.js";
import { isLongPaste, withFence } from "./paste.js";

export class PasteOffer {
  /** @param {HTMLTextAreaElement} field */
  constructor(field) {
    this.field = field;
    this.offer = byId("paste-offer");
    /** @type {{text: string, from: number, to: number}|null} */
    this.pasted = null;
    field.addEventListener("paste", (event) => this.#paste(event));
    field.addEventListener("input", () => this.pasted && this.field.value !== this.pasted.text && this.close());
    byId("paste-fence").addEventListener("click", () => this.#fence());
    byId("paste-keep").addEventListener("click", () => {
      this.close();
      field.focus();
    });
  }

  close() {
    this.pasted = null;
    this.offer.hidden = true;
  }

  #paste(event) {
    const text = (event.clipboardData?.getData("text/plain") ?? "").replace(/\r\n?/g, "\n");
    if (!isLongPaste(text)) return;
    const from = this.field.selectionStart;
    // After the browser has put it in.
    setTimeout(() => {
      this.pasted = { text: this.field.value, from, to: from + text.length };
      this.offer.hidden = this.field.value.slice(from, from + text.length) !== text;
    });
  }

  #fence() {
    const { text, from, to } = this.pasted;
    this.close();
    const fenced = withFence(text, from, to);
    this.field.value = fenced;
    const caret = fenced.length - (text.length - to);
    this.field.setSelectionRange(caret, caret);
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.field.focus();
  }
}
