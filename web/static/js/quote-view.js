/** What a message answers: the author and the beginning of the original, as a link to it. */

import { el } from "./dom.js";
import { excerpt } from "./markdown.js";
import { t } from "./texts.js";

/**
 * @param {import("./timeline.js").Message|null|undefined} original  null: there is none; undefined: not known yet
 * @param {string} address
 * @returns {HTMLElement}
 */
export function quote(original, address) {
  return el(
    "a",
    { class: "quote", href: address, "data-route": true, tabindex: -1 },
    el("span", { class: "visually-hidden" }, t("In reply to:"), " "),
    ...quoteParts(original),
  );
}

/** The same without the link. @param {import("./timeline.js").Message|null|undefined} original @returns {Node[]} */
export function quoteParts(original) {
  if (original === undefined) return [el("span", { class: "quote-note" }, t("Loading…"))];
  if (original === null) return [el("span", { class: "quote-note" }, t("This message is not there"))];
  const text = original.deleted
    ? el("span", { class: "quote-note" }, t("This message was deleted"))
    : el("span", { class: "quote-text", dir: "auto" }, excerpt(original.body));
  return [el("strong", { class: "quote-author" }, original.author.name), text];
}

/** What tells one look of a quote from another. @param {import("./timeline.js").Message|null|undefined} original */
export function quoteStamp(original) {
  return original ? `${original.body_version} ${Boolean(original.deleted)}` : String(original);
}
