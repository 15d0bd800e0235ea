/** Asking for a panel: its scripts come with the first question for any of them. */

import { lazily } from "./lazy.js";
import { t } from "./texts.js";

const PATIENCE_MILLISECONDS = 1000; // then one is told that it is being loaded

export class Panels {
  /**
   * @param {object} parts  that the panels are made of
   * @param {import("./notice-view.js").NoticeView} notice
   * @param {(panel: import("./dialog.js").Dialog) => void} onMade
   */
  constructor(parts, notice, onMade) {
    this.notice = notice;
    this.load = lazily(async (attempt) => {
      const { makePanels } = await import(`./panels.js${attempt}`);
      const made = makePanels(parts);
      for (const panel of Object.values(made)) onMade(panel);
      return made;
    });
    /** counts the questions: the last one counts, where several were asked while the scripts were on their way */
    this.questions = 0;
  }

  /** Somebody points at what asks for one. */
  expect() {
    this.load();
  }

  /**
   * @param {string} name
   * @param {(panel: any) => void} use  is given the panel as soon as it is there; nobody hears of it where a later
   *   question came first, or where it can not be had, which is shown
   */
  async ask(name, use) {
    this.questions += 1;
    const question = this.questions;
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      this.notice.show(t("Loading…"));
    }, PATIENCE_MILLISECONDS);
    const made = await this.load();
    clearTimeout(late);
    if (question !== this.questions) return;
    if (made) {
      if (isLate) this.notice.hide();
      use(made[name]);
    } else this.notice.show(t("This could not be loaded. Try again shortly, or load the page anew."));
  }
}
