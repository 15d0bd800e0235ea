/**
 * What people write, as a tree: Markdown (CommonMark by markdown-it) without headings, tables, images and HTML.
 * Pure. No HTML is made here or anywhere: `markdown-view.js` makes elements of the tree, so there is nothing
 * that would have to be sanitised.
 *
 * @typedef {{type: "text", text: string}} Text
 * @typedef {{type: "code"|"fence", text: string, language?: string}} Code
 * @typedef {{type: "mention", text: string, name: string}} Mention  `name` in small letters
 * @typedef {{type: "link", href: string, children: Node[]}} Link
 * @typedef {{type: "paragraph"|"strong"|"em"|"strike"|"quote"|"bullets"|"numbers"|"item"|"break",
 *   start?: number, children: Node[]}} Branch
 * @typedef {Text|Code|Mention|Link|Branch} Node
 */

import MarkdownIt from "../vendor/markdown-it.js";

const NESTING = 20; // levels of quotes and lists; deeper ones are text
const DEPTH_MOST = 60; // nodes in nodes: markdown-it bounds those of blocks, but not emphasis in emphasis
const OFF = ["table", "code", "heading", "lheading", "hr", "reference", "html_block", "html_inline", "image", "entity"];
// Characters that draw nothing or turn the direction of writing: a link with them would lie about where it goes.
const DECEIVING = /%E2%80%(?:8[BEF]|A[A-E])|%E2%81%A[6-9]|%(?:[01][\dA-F]|7F)/i;
const WEB = /^https?:\/\/[^/?#]/i;
// As `shared/mentions.py` has it: not in an address, and a whole word.
const MENTION = /(?<![A-Za-z0-9_@/\\])@([A-Za-z0-9_]{1,32})(?![A-Za-z0-9_@])/y;
const EXCERPT_MOST = 200; // code points; more is not shown in two lines
const WORD = /[\p{Script=Latin}\p{N}]/u;

const PICTURE = "\\p{Extended_Pictographic}(?:\\ufe0f|\\p{EMod})?";
const FEW_EMOJI = new RegExp(`^(?:(?:\\p{RI}{2}|${PICTURE}(?:\\u200d${PICTURE})*)\\s?){1,3}$`, "u");

const BRANCHES = {
  paragraph: "paragraph",
  strong: "strong",
  em: "em",
  s: "strike",
  blockquote: "quote",
  bullet_list: "bullets",
  ordered_list: "numbers",
  list_item: "item",
};

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true, maxNesting: NESTING });
markdown.disable(OFF);
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
for (const scheme of ["ftp:", "mailto:", "//"]) markdown.linkify.add(scheme, null);
markdown.validateLink = (href) => WEB.test(href) && !DECEIVING.test(href) && canBeParsed(href);
markdown.normalizeLinkText = (text) => text; // as it was typed: decoding could hide where it goes

/** Emphasis begins and ends at words: in 2*3*4 and snake_case nothing is meant. */
markdown.inline.State = class extends markdown.inline.State {
  scanDelims(start, canSplitWord) {
    let end = start;
    while (this.src[end] === this.src[start]) end += 1;
    const inWord = WORD.test(this.src[start - 1] ?? "") && WORD.test(this.src[end] ?? "");
    return super.scanDelims(start, canSplitWord && !inWord);
  }
};

/** `@name` is one thing: code was taken before it comes here, and what is within it is no emphasis. */
markdown.inline.ruler.before("emphasis", "mention", (state, silent) => {
  if (state.src[state.pos] !== "@") return false;
  MENTION.lastIndex = state.pos;
  const found = MENTION.exec(state.src);
  if (!found) return false;
  if (!silent) state.push("mention", "", 0).content = found[0];
  state.pos += found[0].length;
  return true;
});

/** @param {string} text @returns {Node[]} */
export function parse(text) {
  const root = { type: "root", children: [] };
  build(markdown.parse(text, {}), root);
  return root.children;
}

/**
 * The same without marks, for those to whom it is read out or shown in one line.
 * @param {string} text
 */
export function plain(text) {
  return parse(text).map(plainOf).join("\n").trim();
}

/** The beginning of it in plain words and one line, as a quote shows it. @param {string} text */
export function excerpt(text) {
  const letters = [...plain(text).replace(/\s+/gu, " ")];
  return letters.length > EXCERPT_MOST ? `${letters.slice(0, EXCERPT_MOST - 1).join("")}…` : letters.join("");
}

/** @param {Node} node @returns {string} */
function plainOf(node) {
  if (node.type === "break") return "\n";
  if ("text" in node) return node.text;
  const isBlocks = ["quote", "bullets", "numbers", "item"].includes(node.type);
  return node.children.map(plainOf).join(isBlocks ? "\n" : "");
}

/** Whether a message is nothing but a few emoji, which are shown large. @param {Node[]} nodes */
export function isJumbo(nodes) {
  const [first, ...others] = nodes;
  if (others.length || first?.type !== "paragraph" || first.children.length !== 1) return false;
  const [only] = first.children;
  return only.type === "text" && FEW_EMOJI.test(only.text);
}

/** Put the nodes of a flat list of tokens, in which what opens is closed later, into `root`. */
function build(tokens, root) {
  const open = [root];
  for (const token of tokens) {
    const parent = open.at(-1);
    if (token.nesting === 1 && open.length > DEPTH_MOST) open.push(parent);
    else if (token.nesting === 1) {
      const node = branch(token);
      parent.children.push(node);
      open.push(node);
    } else if (token.nesting === -1) open.pop();
    else if (token.type === "inline") build(token.children, parent);
    else append(parent, leaf(token));
  }
}

function branch(token) {
  if (token.type === "link_open") return { type: "link", href: token.attrGet("href"), children: [] };
  const node = { type: BRANCHES[token.type.replace(/_open$/, "")], children: [] };
  if (node.type === "numbers") node.start = Number(token.attrGet("start") ?? 1);
  return node;
}

/** @returns {Node} */
function leaf(token) {
  const { type, content, info } = token;
  if (type === "softbreak" || type === "hardbreak") return { type: "break", children: [] };
  if (type === "mention") return { type: "mention", text: content, name: content.slice(1).toLowerCase() };
  if (type === "code_inline") return { type: "code", text: content };
  if (type === "fence")
    return { type: "fence", text: content.replace(/\n$/, ""), language: info.trim().split(/\s+/)[0].toLowerCase() };
  return { type: "text", text: content };
}

function append({ children }, node) {
  const last = children.at(-1);
  if (node.type === "text" && last?.type === "text") last.text += node.text;
  else if (node.type !== "text" || node.text) children.push(node);
}

function canBeParsed(href) {
  try {
    return new URL(href).hostname !== "";
  } catch {
    return false;
  }
}
