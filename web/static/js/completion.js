/** Completing what is typed: `:emoji:` names. Pure. */

const QUERY = /(?:^|[\s([{"'])(:([a-z0-9_+-]{2,32}))$/i;
const WHOLE = /(?:^|[\s([{"'])(:([a-z0-9_+-]{1,40}):)$/i;
const SHOWN = 6;

/**
 * What is being typed before the caret.
 * @param {string} text @param {number} caret
 * @returns {{start: number, query: string, isWhole: boolean}|null}  `isWhole`: the closing colon is there
 */
export function emojiQuery(text, caret) {
  const before = text.slice(Math.max(0, caret - 50), caret);
  const whole = before.match(WHOLE);
  const found = whole ?? before.match(QUERY);
  if (!found) return null;
  return { start: caret - found[1].length, query: found[2].toLowerCase(), isWhole: Boolean(whole) };
}

/**
 * The names that fit, best first: the same, those that begin so, those with a part that does, those that contain it.
 * @param {Record<string, string>} emoji  name → character @param {string} query
 * @returns {{name: string, character: string}[]}
 */
export function emojiMatches(emoji, query) {
  const ranked = [];
  for (const [name, character] of Object.entries(emoji)) {
    const rank = rankOf(name, query);
    if (rank !== null) ranked.push({ rank, name, character });
  }
  ranked.sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  const characters = new Set();
  const unique = ranked.filter(({ character }) => !characters.has(character) && characters.add(character));
  return unique.slice(0, SHOWN).map(({ name, character }) => ({ name, character }));
}

/** @returns {number|null} lower is better */
function rankOf(name, query) {
  const place = name.indexOf(query);
  if (place < 0) return null;
  if (place === 0) return name.length === query.length ? 0 : 1;
  return name[place - 1] === "_" ? 2 : 3;
}
