/** Where one writes. Enter sends, Shift+Enter is a new line; it is never disabled. */

import { CompletionView } from "./completion-view.js";
import { byId } from "./dom.js";
import { lengthOf, sendable } from "./format.js";
import { chordOf, isComposing } from "./keys.js";
import { PasteOffer } from "./paste-offer.js";
import { ReplyBar } from "./reply-bar.js";
import { tn } from "./texts.js";

const COUNTER_PART = 0.9; // of the limit, from where on the counter is shown

export class ComposerView {
  /**
   * @param {number} limit  code points of a message
   * @param {import("./completion-view.js").Source[]} completions
   * @param {object} listener
   * @param {(body: string, replyTo: number|null) => void} listener.onSend
   * @param {(text: string) => void} listener.onDraft
   * @param {(number: number|null) => void} listener.onReplyTo  the message that the draft answers is another
   * @param {() => void} listener.onEditLast
   */
  constructor(limit, completions, listener) {
    this.limit = limit;
    this.listener = listener;
    this.form = byId("composer");
    this.text = byId("composer-text");
    this.counter = byId("composer-counter");
    this.completion = new CompletionView(this.text, byId("completion"), completions);
    this.reply = new ReplyBar(() => {
      this.listener.onReplyTo(null);
      this.text.focus();
    });
    this.paste = new PasteOffer(this.text);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.text.addEventListener("input", () => {
      this.#changed();
      listener.onDraft(this.text.value);
    });
    this.text.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Another conversation. @param {string} label  whom one writes to @param {string} draft */
  open(label, draft) {
    this.text.placeholder = label;
    this.text.setAttribute("aria-label", label);
    this.text.value = draft;
    this.completion.close();
    this.paste.close();
    this.#changed();
  }

  focus() {
    this.text.focus({ preventScroll: true });
  }

  /** Answer a message. @param {number} number */
  replyTo(number) {
    this.listener.onReplyTo(number);
    this.text.focus();
  }

  /**
   * What is answered, as it is now.
   * @param {number|null} number @param {import("./timeline.js").Message|null|undefined} original
   */
  showReply(number, original) {
    this.reply.show(number, original);
  }


  #key(event) {
    if (isComposing(event) || this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#send();
    } else if (chordOf(event) === "ArrowUp" && this.text.value === "") {
      event.preventDefault();
      this.listener.onEditLast();
    } else if (event.key === "Escape" && this.reply.number !== null) {
      event.preventDefault();
      this.listener.onReplyTo(null);
    }
  }

  #send() {
    const body = sendable(this.text.value);
    if (!body || lengthOf(body) > this.limit) {
      this.text.focus();
      return;
    }
    this.text.value = "";
    this.completion.close();
    this.paste.close();
    this.#changed();
    const replyTo = this.reply.number;
    this.listener.onDraft("");
    if (replyTo !== null) this.listener.onReplyTo(null);
    this.listener.onSend(body, replyTo);
    this.text.focus();
  }

  #changed() {
    const over = lengthOf(sendable(this.text.value)) - this.limit;
    const isOver = over > 0;
    this.counter.hidden = over < (COUNTER_PART - 1) * this.limit;
    if (!this.counter.hidden) {
      this.counter.textContent = isOver
        ? tn("{count} character too long", "{count} characters too long", over)
        : tn("{count} character left", "{count} characters left", -over);
    }
    this.counter.classList.toggle("is-fault", isOver);
    this.text.setAttribute("aria-invalid", String(isOver));
    this.form.classList.toggle("has-text", this.text.value.trim() !== "" && !isOver);
    this.#grow();
  }

  /** As high as its text, up to what the style sheet allows. */
  #grow() {
    this.text.style.setProperty("--height", "auto");
    this.text.style.setProperty("--height", `${this.text.scrollHeight}px`);
  }
}
