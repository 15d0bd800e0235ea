/** Finding a conversation by some of its letters. Pure. */

/**
 * How well a name fits: lower is better, null not at all. The name itself, its beginning, the beginning of a word,
 * anywhere, the letters in this order.
 * @param {string} name @param {string} query
 * @returns {number|null}
 */
export function fit(name, query) {
  const [whole, wanted] = [name, query].map((text) => text.normalize("NFKC").toLocaleLowerCase());
  if (wanted === "") return 0;
  const place = whole.indexOf(wanted);
  if (place === 0) return whole.length === wanted.length ? 0 : 1;
  if (place > 0) return /[\p{L}\p{N}]/u.test(whole[place - 1]) ? 3 : 2;
  let from = 0;
  for (const letter of wanted) {
    from = whole.indexOf(letter, from) + 1;
    if (from === 0) return null;
  }
  return 4;
}

/**
 * Those that fit, best first, else in their order.
 * @template {{name: string}} Item
 * @param {Item[]} items @param {string} query @param {number} most
 * @returns {Item[]}
 */
export function matching(items, query, most) {
  return items
    .map((item) => ({ item, rank: fit(item.name, query) }))
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ item }) => item);
}
