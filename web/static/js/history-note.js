/** What stands before the first message: that older ones are loading, that they could not be, that there are none. */

import { el, linkButton } from "./dom.js";
import { t } from "./texts.js";

/**
 * @param {import("./messages-view.js").Model} model @param {boolean} isEmpty @param {() => void} onRetry
 * @returns {HTMLElement[]}
 */
export function historyNote({ rows, loaded, more, first, older, empty }, isEmpty, onRetry) {
  const state = loaded ? older : first;
  if (state === "failed") {
    const text = loaded ? t("Could not load older messages.") : t("Could not load the messages.");
    return [el("p", { class: "history-failed" }, text, " ", linkButton(t("Retry"), onRetry))];
  }
  if (!loaded && first === "loading") return [skeleton()];
  if (older === "loading") return [el("p", {}, t("Loading older messages…"))];
  if (isEmpty) return [el("p", { class: "history-empty" }, empty)];
  return loaded && !more && rows.length ? [el("p", {}, t("This is where it began."))] : [];
}

/**
 * What stands after the last message, where newer ones are not loaded.
 * @param {import("./messages-view.js").Model} model @param {() => void} onRetry
 * @returns {HTMLElement[]}
 */
export function newerNote({ hasNewer, newer }, onRetry) {
  if (!hasNewer || newer === "idle") return [];
  if (newer === "loading") return [el("p", {}, t("Loading newer messages…"))];
  return [
    el("p", { class: "history-failed" }, t("Could not load newer messages."), " ", linkButton(t("Retry"), onRetry)),
  ];
}

function skeleton() {
  const line = (size) => el("div", { class: `skeleton-line is-${size}` });
  const row = (size) =>
    el(
      "div",
      { class: "skeleton-row" },
      el("div", { class: "skeleton-avatar" }),
      el("div", { class: "skeleton-text" }, line("short"), line(size)),
    );
  return el(
    "div",
    { class: "skeleton" },
    el("span", { class: "visually-hidden" }, t("Loading messages…")),
    row("long"),
    row("middle"),
    row("long"),
  );
}
