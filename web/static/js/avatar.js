/** A person as a small square: initials on a colour of their own. */

import { el } from "./dom.js";
import { hueOf, initials } from "./format.js";

/** Decoration: the name stands beside it. @param {import("./timeline.js").User} user */
export function avatar(user) {
  const element = el("span", { class: "avatar", "aria-hidden": "true" }, initials(user.name));
  element.style.setProperty("--hue", String(hueOf(user.id)));
  return element;
}
