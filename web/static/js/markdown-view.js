/** The elements of a message's text: those named here and no others, each made by itself, never from HTML. */

import { codeBlock } from "./code-block.js";
import { el } from "./dom.js";
import { isJumbo, parse } from "./markdown.js";

const ELEMENTS = { paragraph: "p", strong: "strong", em: "em", strike: "s", quote: "blockquote", item: "li" };

/**
 * @param {string} text
 * @param {(name: string) => "me"|"other"|null} [mentionOf]  how an `@name` stands out; null: as text
 * @returns {HTMLElement}
 */
export function messageText(text, mentionOf = () => null) {
  const nodes = parse(text);
  const isLine = nodes.length === 1 && nodes[0].type === "paragraph";
  const classes = ["message-text", isLine && "is-line", isJumbo(nodes) && "is-jumbo"].filter(Boolean);
  return el("div", { class: classes.join(" "), dir: "auto" }, ...elements(nodes, mentionOf));
}

function elements(nodes, mentionOf) {
  return nodes.map((node) => element(node, mentionOf));
}

/** @param {import("./markdown.js").Node} node @returns {Node|string} */
function element(node, mentionOf) {
  switch (node.type) {
    case "text":
      return node.text;
    case "mention":
      return mention(node, mentionOf(node.name));
    case "break":
      return el("br");
    case "code":
      return el("code", { class: "code", dir: "ltr" }, node.text);
    case "fence":
      return codeBlock(node.text, node.language);
    case "link":
      return link(node, mentionOf);
    case "bullets":
      return el("ul", { class: "bullets" }, ...elements(node.children, mentionOf));
    case "numbers":
      return el("ol", { class: "numbers", start: node.start }, ...elements(node.children, mentionOf));
    default:
      return el(
        ELEMENTS[node.type],
        { dir: node.type === "paragraph" && "auto" },
        ...elements(node.children, mentionOf),
      );
  }
}

function mention({ text }, kind) {
  return kind ? el("span", { class: `mention is-${kind}`, dir: "ltr" }, text) : text;
}

/** Where it leads is shown on hover, where its text does not say so. */
function link({ href, children }, mentionOf) {
  const shown = elements(children, mentionOf);
  const says = children.length === 1 && children[0].type === "text" && children[0].text === href;
  return el(
    "a",
    { href, title: says ? null : href, rel: "noopener noreferrer nofollow", target: "_blank" },
    ...shown,
  );
}
