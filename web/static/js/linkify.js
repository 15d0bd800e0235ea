/**
 * Finds the http(s) addresses in a text. Pure.
 * @typedef {{text: string, href?: string}} Part
 */

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;
const TRAILING = /[.,;:!?…)\]}'"»”’*_~]+$/u;
const PAIRS = { ")": "(", "]": "[", "}": "{" };

/** @param {string} text @returns {Part[]} the text in parts that together are the text */
export function linkify(text) {
  /** @type {Part[]} */
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTrailing(match[0]);
    const href = hrefOf(address);
    if (!href) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/**
 * Punctuation at the end belongs to the sentence, a bracket only if it was not opened within.
 * @param {string} address
 */
function withoutTrailing(address) {
  let kept = address;
  while (TRAILING.test(kept)) {
    const last = kept.at(-1);
    const opening = PAIRS[last];
    if (opening && kept.split(opening).length >= kept.split(last).length) break;
    if (last === "_" || last === "~" || last === "*") break;
    kept = kept.slice(0, -1);
  }
  return kept;
}

/** @param {string} address @returns {string|null} */
function hrefOf(address) {
  try {
    const url = new URL(address);
    return (url.protocol === "http:" || url.protocol === "https:") && url.hostname ? url.href : null;
  } catch {
    return null;
  }
}
