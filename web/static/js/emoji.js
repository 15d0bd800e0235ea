/** What the vendored list of emoji holds: names, groups, and finding one by a word. Pure. */

import { emojiMatches } from "./completion.js";
import { t } from "./texts.js";

const SEARCHED_MOST = 64;
const FIRST = {
  grinning: () => t("Smileys"),
  wave: () => t("People"),
  monkey_face: () => t("Animals and nature"),
  grapes: () => t("Food and drink"),
  earth_africa: () => t("Travel and places"),
  jack_o_lantern: () => t("Activities"),
  eyeglasses: () => t("Objects"),
  atm: () => t("Symbols"),
  checkered_flag: () => t("Flags"),
};

/** @typedef {{name: string, character: string}} Emoji  `name` as in `:name:`; the first one where there are several */

/**
 * Each emoji once, in the groups of Unicode, whose order the list has. What stands before the first group (names of
 * digits alone, which objects put first) goes to the symbols.
 * @param {Record<string, string>} list  name → character
 * @returns {{title: string, emoji: Emoji[]}[]}
 */
export function groupsOf(list) {
  const stray = [];
  const groups = [];
  const known = new Set();
  for (const [name, character] of Object.entries(list)) {
    if (Object.hasOwn(FIRST, name)) groups.push({ first: name, title: FIRST[name](), emoji: [] });
    if (known.has(character)) continue;
    known.add(character);
    (groups.at(-1)?.emoji ?? stray).push({ name, character });
  }
  groups.find(({ first }) => first === "atm")?.emoji.push(...stray);
  return groups.map(({ title, emoji }) => ({ title, emoji }));
}

/** @param {Record<string, string>} list @param {string} typed @returns {Emoji[]} best first */
export function searched(list, typed) {
  const query = typed.trim().toLowerCase().replace(/^:|:$/g, "").replace(/[\s-]+/g, "_");
  return query ? emojiMatches(list, query, SEARCHED_MOST) : [];
}

/**
 * The names by character, as one says them.
 * @param {Record<string, string>} list
 * @returns {Map<string, string>}
 */
export function namesOf(list) {
  const names = new Map();
  for (const [name, character] of Object.entries(list)) {
    if (!names.has(character)) names.set(character, spoken(name));
  }
  return names;
}

/** `+1` and `-1` are thumbs, which nobody would guess from their names. @param {string} name */
export function spoken(name) {
  if (name === "+1") return t("thumbs up");
  if (name === "-1") return t("thumbs down");
  return name.replaceAll("_", " ");
}
