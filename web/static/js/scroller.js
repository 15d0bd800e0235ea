/**
 * A list that grows at both ends and does not move under the reader: it stays at the end for who
 * is there, and keeps what is looked at in its place for who is not.
 */

const END_PIXELS = 48; // nearer to the end than this counts as there
const NEAR_PIXELS = 600; // nearer to the beginning, or to the end of what is shown, than this: more is wanted

export class Scroller {
  /**
   * @param {HTMLElement} box  scrolls
   * @param {HTMLElement} list  in it, with an element for each line
   * @param {object} listener
   * @param {() => boolean} listener.isWhole  whether the end of the list is the end of all
   * @param {() => void} listener.onNearTop
   * @param {() => void} listener.onNearBottom  where it is not
   * @param {() => void} listener.onEnd
   */
  constructor(box, list, listener) {
    this.box = box;
    this.list = list;
    this.listener = listener;
    this.atEnd = true;
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const observer = new ResizeObserver(() => this.atEnd && this.toEnd());
    observer.observe(box);
    observer.observe(list);
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.atEnd = true;
    this.#tell();
  }

  /** Bring a line into view: in the middle, or "start" a little below the top. @param {HTMLElement} line */
  toLine(line, place = "middle") {
    const { top, height } = this.box.getBoundingClientRect();
    const wanted = place === "start" ? height / 6 : Math.max(0, (height - line.offsetHeight) / 2);
    this.atEnd = false;
    this.box.scrollTop += line.getBoundingClientRect().top - top - wanted;
    this.#scrolled();
  }

  /** Change the list, and keep what is looked at where it is. @param {() => void} change */
  during(change) {
    const anchor = this.atEnd ? null : this.firstVisible();
    const before = anchor?.getBoundingClientRect().top ?? 0;
    const key = anchor?.dataset.key;
    change();
    if (this.atEnd) {
      this.toEnd();
      return;
    }
    // An element that was made anew in its place has the same key.
    const after = anchor?.isConnected
      ? anchor
      : key && this.list.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (after) this.box.scrollTop += after.getBoundingClientRect().top - before;
    this.#tell();
  }

  /** The first message that is seen, and that stays as it is whatever comes above it. @returns {HTMLElement|undefined} */
  firstVisible() {
    const top = this.box.getBoundingClientRect().top;
    const lines = this.list.children;
    let low = 0;
    let high = lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lines[middle].getBoundingClientRect().bottom <= top) low = middle + 1;
      else high = middle;
    }
    // Older messages take over the heading of the day, and maybe that of the first message: what
    // stands below these stays as it is.
    const first = this.list.querySelector(".message");
    let place = low;
    while (lines[place] && (lines[place] === first || !lines[place].classList.contains("message")))
      place += 1;
    return /** @type {HTMLElement|undefined} */ (lines[place] ?? first ?? undefined);
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    this.atEnd = this.listener.isWhole() && scrollHeight - scrollTop - clientHeight < END_PIXELS;
    this.#tell();
  }

  #tell() {
    if (this.box.clientHeight === 0) return; // not shown: on a narrow screen the list of rooms is
    if (this.box.scrollTop < NEAR_PIXELS) this.listener.onNearTop();
    const below = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
    if (below < NEAR_PIXELS && !this.listener.isWhole()) this.listener.onNearBottom();
    if (this.atEnd) this.listener.onEnd();
  }
}
