/**
 * Colours for code, by highlight.js, which is loaded with the first block that has a language. It is asked for its
 * tree of scopes and not for its HTML.
 *
 * @typedef {string|{scope: string, children: Piece[]}} Piece
 */

// The scopes that css/code.css knows, by the name that highlight.js has for them or the part before its first dot.
const SCOPES = new Set([
  "addition", "attr", "attribute", "built_in", "comment", "deletion", "keyword", "literal", "meta", "name", "number",
  "operator", "regexp", "section", "selector-class", "selector-id", "selector-tag", "string", "symbol", "tag",
  "title", "type", "variable",
]); // prettier-ignore

let library;

/**
 * @param {string} text @param {string} language
 * @returns {Promise<Piece[]|null>} null where the language is not known, or the library not to be had
 */
export async function coloured(text, language) {
  try {
    library ??= import("../vendor/highlight.js");
    const { default: highlight } = await library;
    if (!highlight.getLanguage(language)) return null;
    const result = highlight.highlight(text, { language, ignoreIllegals: true });
    return pieces(result._emitter.rootNode.children);
  } catch {
    library = undefined; // not reached: the next block tries again
    return null;
  }
}

/** Only known scopes, so that no name of a class comes from elsewhere. */
function pieces(nodes) {
  return nodes.flatMap((node) => {
    if (typeof node === "string") return [node];
    const children = pieces(node.children);
    const scope = (node.scope ?? "").split(".")[0].replace("_", "-");
    return SCOPES.has(node.scope?.split(".")[0]) ? [{ scope, children }] : children;
  });
}
