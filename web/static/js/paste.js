/** Long texts that are pasted, which are offered as a fenced block. Pure. */

const LINES = 8;
const LENGTH = 1200;

/** Whether a pasted text is long enough to be offered; what has a fence already is not. @param {string} text */
export function isLongPaste(text) {
  const lines = text.split("\n").length;
  return (lines >= LINES || (text.length >= LENGTH && lines > 1)) && !/^\s*(?:`{3,}|~{3,})/m.test(text);
}

/** A text as a fenced block, with a fence longer than any within. @param {string} text */
export function fenced(text) {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text.replace(/^\n+|\s+$/g, "")}\n${fence}`;
}

/**
 * A text in which the part [from, to) is a fenced block, on lines of its own.
 * @param {string} text @param {number} from @param {number} to
 */
export function withFence(text, from, to) {
  const [before, after] = [text.slice(0, from), text.slice(to)];
  const opening = before === "" || before.endsWith("\n") ? "" : "\n";
  const closing = after.startsWith("\n") ? "" : "\n";
  return `${before}${opening}${fenced(text.slice(from, to))}${closing}${after}`;
}
