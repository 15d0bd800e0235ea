/**
 * Finds the http(s) addresses in a text. Pure.
 * @typedef {{text: string, href?: string}} Part
 */

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;
const TRAILING = new Set(".,;:!?…)]}'\"»”’");
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
 * Punctuation at the end belongs to the sentence, a bracket only if it was not opened within. One
 * way through the text and one back: an address of ten thousand dots must cost a reader nothing.
 * @param {string} address
 */
function withoutTrailing(address) {
  const excess = unopened(address);
  let end = address.length;
  while (end > 0 && TRAILING.has(address[end - 1])) {
    const last = address[end - 1];
    if (last in PAIRS) {
      if (excess[last] <= 0) break;
      excess[last] -= 1;
    }
    end -= 1;
  }
  return address.slice(0, end);
}

/** How many more of each closing bracket there are than of its opening one. @param {string} address */
function unopened(address) {
  const excess = Object.fromEntries(Object.keys(PAIRS).map((closing) => [closing, 0]));
  const closings = Object.fromEntries(Object.entries(PAIRS).map(([closing, opening]) => [opening, closing]));
  for (const character of address) {
    if (character in excess) excess[character] += 1;
    else if (character in closings) excess[closings[character]] -= 1;
  }
  return excess;
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
