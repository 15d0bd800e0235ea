/** The elements of a message's text: those named here and no others, each made by itself, never from HTML. */

import { codeBlock } from "./code-block.js";
import { el } from "./dom.js";
import { isJumbo, parse } from "./markdown.js";

const ELEMENTS = { paragraph: "p", strong: "strong", em: "em", strike: "s", quote: "blockquote", item: "li" };

/** @param {string} text @returns {HTMLElement} */
export function messageText(text) {
  const nodes = parse(text);
  const isLine = nodes.length === 1 && nodes[0].type === "paragraph";
  const classes = ["message-text", isLine && "is-line", isJumbo(nodes) && "is-jumbo"].filter(Boolean);
  return el("div", { class: classes.join(" "), dir: "auto" }, ...nodes.map(element));
}

/** @param {import("./markdown.js").Node} node @returns {Node|string} */
function element(node) {
  switch (node.type) {
    case "text":
      return node.text;
    case "break":
      return el("br");
    case "code":
      return el("code", { class: "code", dir: "ltr" }, node.text);
    case "fence":
      return codeBlock(node.text, node.language);
    case "link":
      return link(node);
    case "bullets":
      return el("ul", { class: "bullets" }, ...node.children.map(element));
    case "numbers":
      return el("ol", { class: "numbers", start: node.start }, ...node.children.map(element));
    default:
      return el(ELEMENTS[node.type], { dir: node.type === "paragraph" && "auto" }, ...node.children.map(element));
  }
}

/** Where it leads is shown on hover, where its text does not say so. */
function link({ href, children }) {
  const shown = children.map(element);
  const says = children.length === 1 && children[0].type === "text" && children[0].text === href;
  return el(
    "a",
    { href, title: says ? null : href, rel: "noopener noreferrer nofollow", target: "_blank" },
    ...shown,
  );
}
