/** How somebody is, as a dot beside their face and in words. */

import { avatar } from "./avatar.js";
import { el } from "./dom.js";
import { t } from "./texts.js";

/** @param {import("./presence.js").State|undefined} state @returns {string} empty while it is not known */
export function presenceText(state) {
  return { online: t("Online"), away: t("Away"), offline: t("Offline") }[state] ?? "";
}

/**
 * The face of somebody with a dot: decoration, so the words of `presenceText` stand beside it.
 * @param {import("./timeline.js").User} user @param {import("./presence.js").State|undefined} state
 */
export function face(user, state) {
  return el(
    "span",
    { class: "face" },
    avatar(user),
    state && el("span", { class: `presence is-${state}`, title: presenceText(state), "aria-hidden": "true" }),
  );
}
