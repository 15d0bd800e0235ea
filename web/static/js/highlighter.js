/**
 * Colours for code, by highlight.js, which is loaded with the first block that has a language. It is asked for its
 * tree of scopes and not for its HTML.
 *
 * @typedef {string|{scope: string, children: Piece[]}} Piece
 */

import { lazily } from "./lazy.js";

// The scopes that css/code.css knows, by the name that highlight.js has for them or the part before its first dot.
const SCOPES = new Set([
  "addition", "attr", "attribute", "built_in", "comment", "deletion", "keyword", "literal", "meta", "name", "number",
  "operator", "regexp", "section", "selector-class", "selector-id", "selector-tag", "string", "symbol", "tag",
  "title", "type", "variable",
]); // prettier-ignore

const DEPTH_MOST = 40; // elements in elements; scopes that lie deeper are left out

const library = lazily((attempt) => import(`../vendor/highlight.js${attempt}`));

/**
 * @param {string} text @param {string} language
 * @returns {Promise<Piece[]|null>} null where the language is not known, or the library not to be had
 */
export async function coloured(text, language) {
  const highlight = (await library())?.default;
  if (!highlight?.getLanguage(language)) return null;
  try {
    const result = highlight.highlight(text, { language, ignoreIllegals: true });
    return pieces(result._emitter.rootNode.children);
  } catch {
    return null; // brackets by the thousand nest deeper than the stack: such code stays without colours
  }
}

/** Only known scopes, so that no name of a class comes from elsewhere. */
function pieces(nodes, depth = 0) {
  return nodes.flatMap((node) => {
    if (typeof node === "string") return [node];
    const children = pieces(node.children, depth + 1);
    const [scope] = (node.scope ?? "").split(".");
    return SCOPES.has(scope) && depth < DEPTH_MOST ? [{ scope: scope.replace("_", "-"), children }] : children;
  });
}
