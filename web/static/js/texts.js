/** The page's texts: `t("Hello {name}", {name})` is the translation that the server sent, else the text itself. */

/** @type {Record<string, string>} */
let translations = {};

/** @param {Record<string, string>} given  msgid → translation */
export function setTexts(given) {
  translations = given;
}

/** @param {string} msgid @param {Record<string, string|number>} [values] @returns {string} */
export function t(msgid, values = {}) {
  const text = translations[msgid] || msgid;
  return text.replace(/\{(\w+)\}/g, (placeholder, name) =>
    name in values ? String(values[name]) : placeholder,
  );
}

/**
 * The text for one or for several; both may contain `{count}`.
 * @param {string} one
 * @param {string} several
 * @param {number} count
 */
export function tn(one, several, count) {
  return t(count === 1 ? one : several, { count });
}
