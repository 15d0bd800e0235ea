/**
 * Addresses and the Back button. Links with `data-route` are real ones, so that they also open in
 * a new tab. On a narrow screen the list is a page of its own: the same address with `#list`.
 */

import { numberOf, targetOf } from "./conversations.js";

const LIST = "#list";
const narrow = matchMedia("(max-width: 47.99rem)");

export class Router {
  /**
   * @param {(target: {room: number}|{direct: string}, view: "list"|"conversation",
   *   number: number|null) => void} onChange  of the address; `number` of a message that it names
   */
  constructor(onChange) {
    this.onChange = onChange;
    addEventListener("popstate", () => this.#tell());
    document.addEventListener("click", (event) => this.#click(event));
  }

  /** "list" or "conversation": what is seen where there is room for one of them only. */
  get view() {
    return location.hash === LIST ? "list" : "conversation";
  }

  /** The message that the address names. */
  get number() {
    return numberOf(location.hash);
  }

  get isNarrow() {
    return narrow.matches;
  }

  /** Put the list before the first conversation, so that Back leads there. */
  begin() {
    if (history.state?.parley) return;
    const { pathname: here, hash } = location;
    if (this.isNarrow && this.view === "conversation") {
      history.replaceState({ parley: true }, "", here + LIST);
      history.pushState({ parley: true, fromList: true }, "", here + hash);
    } else history.replaceState({ parley: true }, "", here + hash);
  }

  /** @param {string} path @param {{replace?: boolean}} [options] */
  go(path, { replace = false } = {}) {
    const fromList = this.view === "list" || Boolean(replace && history.state?.fromList);
    if (path !== location.pathname + location.hash) {
      history[replace ? "replaceState" : "pushState"]({ parley: true, fromList }, "", path);
    }
    this.#tell();
  }

  /** To the list: back where one came from it, so that entries do not pile up. */
  toList() {
    if (history.state?.fromList) history.back();
    else {
      history.pushState({ parley: true }, "", location.pathname + LIST);
      this.#tell();
    }
  }

  #tell() {
    const target = targetOf(location.pathname);
    if (target) this.onChange(target, this.view, this.number);
  }

  #click(event) {
    const link = event.target instanceof Element ? event.target.closest("a[data-route]") : null;
    const isPlain =
      event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented) return;
    event.preventDefault();
    const { pathname, hash } = new URL(link.href);
    this.go(pathname + hash);
  }
}
