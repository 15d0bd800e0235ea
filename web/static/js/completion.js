/** Completing what is typed: `:emoji:` names and `@names`. Pure. */

const QUERY = /(?:^|[\s([{"'])(:([a-z0-9_+-]{2,32}))$/i;
const WHOLE = /(?:^|[\s([{"'])(:([a-z0-9_+-]{1,40}):)$/i;
const MENTION = /(?:^|[^a-z0-9_@/\\])(@([a-z0-9_]{0,32}))$/i;
const SHOWN = 6;
const PEOPLE_SHOWN = 8;

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
 * The name that is being typed before the caret.
 * @param {string} text @param {number} caret
 * @returns {{start: number, query: string}|null}
 */
export function mentionQuery(text, caret) {
  const found = text.slice(Math.max(0, caret - 50), caret).match(MENTION);
  return found ? { start: caret - found[1].length, query: found[2].toLowerCase() } : null;
}

/**
 * Those whose names begin so, each once: the name itself, then those who wrote last, then the others in their order.
 * @template {{id: number, name: string}} User
 * @param {User[]} recent @param {User[]} others @param {string} query
 * @returns {User[]}
 */
export function peopleMatches(recent, others, query) {
  const found = new Map();
  for (const user of [...recent, ...others]) {
    if (user.name.toLowerCase().startsWith(query) && !found.has(user.id)) found.set(user.id, user);
  }
  const isWhole = ({ name }) => name.toLowerCase() === query;
  return [...found.values()].sort((a, b) => isWhole(b) - isWhole(a)).slice(0, PEOPLE_SHOWN);
}

/**
 * The names that fit, best first: the same, those that begin so, those with a part that does, those that contain it.
 * @param {Record<string, string>} emoji  name → character @param {string} query @param {number} [most]
 * @returns {{name: string, character: string}[]}
 */
export function emojiMatches(emoji, query, most = SHOWN) {
  const ranked = [];
  for (const [name, character] of Object.entries(emoji)) {
    const rank = rankOf(name, query);
    if (rank !== null) ranked.push({ rank, name, character });
  }
  ranked.sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  const characters = new Set();
  const unique = ranked.filter(({ character }) => !characters.has(character) && characters.add(character));
  return unique.slice(0, most).map(({ name, character }) => ({ name, character }));
}

/** @returns {number|null} lower is better */
function rankOf(name, query) {
  const place = name.indexOf(query);
  if (place < 0) return null;
  if (place === 0) return name.length === query.length ? 0 : 1;
  return name[place - 1] === "_" ? 2 : 3;
}
