/**
 * Tells screen readers of new messages, each once. A log of its own (WAI-ARIA `log`): in the
 * visible list also history, pending messages and edits come and go, and would be read out too.
 */

import { byId, el } from "./dom.js";
import { plain } from "./markdown.js";
import { t } from "./texts.js";

const KEPT = 20;

export class Announcer {
  constructor() {
    this.log = byId("announcer");
  }

  /** @param {import("./timeline.js").Message} message */
  announce(message) {
    this.log.append(el("p", {}, t("{name}: {text}", { name: message.author.name, text: plain(message.body) })));
    while (this.log.children.length > KEPT) this.log.firstElementChild.remove();
  }
}
