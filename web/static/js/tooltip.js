/**
 * What a control says of itself in `data-tip`, shown beside it while one points at it or has the focus on it. It stays
 * while one points at the words themselves, and goes by Escape (WCAG 2.2, 1.4.13). The same stands in the control's
 * name, so that it is not told twice.
 */

import { byId } from "./dom.js";

const LEAVE_MILLISECONDS = 120; // on the way from the control to the words
const GAP_PIXELS = 4;
const EDGE_PIXELS = 8;

export class Tooltip {
  /** @param {HTMLElement} root  in which controls have tips */
  constructor(root) {
    this.tip = byId("tooltip");
    this.timer = 0;
    /** @type {HTMLElement|null} */
    this.control = null;
    root.addEventListener("pointerover", (event) => event.pointerType !== "touch" && this.#over(event.target));
    root.addEventListener("pointerout", () => this.#leave());
    root.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && this.#over(event.target));
    root.addEventListener("focusout", () => this.hide());
    root.addEventListener("scroll", () => this.hide(), { capture: true, passive: true });
    this.tip.addEventListener("pointerenter", () => clearTimeout(this.timer));
    this.tip.addEventListener("pointerleave", () => this.#leave());
    document.addEventListener("keydown", (event) => this.#key(event), { capture: true });
  }

  hide() {
    clearTimeout(this.timer);
    this.control = null;
    if (this.tip.matches(":popover-open")) this.tip.hidePopover();
  }

  #over(target) {
    const control = target.closest("[data-tip]");
    if (!control) return;
    clearTimeout(this.timer);
    this.control = control;
    this.tip.textContent = control.dataset.tip;
    if (!this.tip.matches(":popover-open")) this.tip.showPopover();
    this.#place(control.getBoundingClientRect(), this.tip.getBoundingClientRect());
  }

  #place(at, { width, height }) {
    const above = at.top - height - GAP_PIXELS;
    const left = Math.min(at.left, innerWidth - width - EDGE_PIXELS);
    this.tip.style.setProperty("top", `${above > EDGE_PIXELS ? above : at.bottom + GAP_PIXELS}px`);
    this.tip.style.setProperty("left", `${Math.max(EDGE_PIXELS, left)}px`);
  }

  #leave() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), LEAVE_MILLISECONDS);
  }

  #key(event) {
    if (event.key !== "Escape" || !this.control) return;
    this.hide();
    event.preventDefault();
    event.stopPropagation();
  }
}
