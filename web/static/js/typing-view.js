/** The line that says who is writing. Not announced: it comes and goes too often to be read out. */

import { byId } from "./dom.js";
import { t } from "./texts.js";

const NAMED_MOST = 2;

export class TypingView {
  /** @param {import("./typing.js").Typing} typing */
  constructor(typing) {
    this.typing = typing;
    this.line = byId("typing");
    this.text = byId("typing-text");
  }

  /** @param {number|null} room */
  show(room) {
    const writers = room === null ? [] : this.typing.of(room);
    this.line.hidden = writers.length === 0;
    if (writers.length) this.text.textContent = wordsOf(writers.map(({ name }) => name));
  }
}

/** @param {string[]} names */
function wordsOf(names) {
  if (names.length > NAMED_MOST) return t("Several people are writing…");
  const [name, other] = names;
  return other ? t("{name} and {other} are writing…", { name, other }) : t("{name} is writing…", { name });
}
