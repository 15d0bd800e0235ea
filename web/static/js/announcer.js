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

  /** @param {import("./timeline.js").Message} message @param {boolean} calls  whether it calls the user */
  announce(message, calls) {
    const words = { name: message.author.name, text: plain(message.body) };
    this.log.append(el("p", {}, calls ? t("{name} calls you: {text}", words) : t("{name}: {text}", words)));
    while (this.log.children.length > KEPT) this.log.firstElementChild.remove();
  }
}
