/** A fenced block of code: its language, a button that copies it, and colours as soon as there are some. */

import { copyText } from "./clipboard.js";
import { el, icon } from "./dom.js";
import { coloured } from "./highlighter.js";
import { t } from "./texts.js";

const COPIED_MILLISECONDS = 2000;

/** @param {string} text @param {string} language  as it was typed; "" for none */
export function codeBlock(text, language) {
  const code = el("code", {}, text);
  if (language) colour(code, text, language);
  return el(
    "div",
    { class: "code-block", dir: "ltr" },
    el("pre", { tabindex: 0, role: "region", "aria-label": label(language) }, code),
    copyButton(text),
  );
}

function label(language) {
  return language ? t("Code in {language}", { language }) : t("Code");
}

/** The text stays as it is, only split up; so nothing moves. */
async function colour(code, text, language) {
  const nodes = await coloured(text, language);
  if (nodes) code.replaceChildren(...nodes.map(span));
}

/** @param {import("./highlighter.js").Piece} piece */
function span(piece) {
  if (typeof piece === "string") return piece;
  return el("span", { class: `code-${piece.scope}` }, ...piece.children.map(span));
}

function copyButton(text) {
  const button = el(
    "button",
    { type: "button", class: "icon-button code-copy", "aria-label": t("Copy code"), title: t("Copy code") },
    icon("copy"),
  );
  button.addEventListener("click", async () => {
    const isDone = await copyText(text);
    button.replaceChildren(icon(isDone ? "check" : "warning"));
    button.setAttribute("aria-label", isDone ? t("Copied") : t("Could not copy"));
    setTimeout(() => {
      button.replaceChildren(icon("copy"));
      button.setAttribute("aria-label", t("Copy code"));
    }, COPIED_MILLISECONDS);
  });
  return button;
}
