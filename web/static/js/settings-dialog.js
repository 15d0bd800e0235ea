/** What the user may choose about the page: the theme, and whether they are called. */

import { Dialog } from "./dialog.js";
import { byId } from "./dom.js";
import { t } from "./texts.js";
import { chosenTheme, chooseTheme } from "./theme.js";

export class SettingsDialog extends Dialog {
  /** @param {import("./notifier.js").Notifier} notifier @param {() => void} onHelp */
  constructor(notifier, onHelp) {
    super("settings-dialog");
    this.notifier = notifier;
    this.button = byId("notify");
    this.about = byId("notify-about");
    for (const choice of this.#themes()) choice.addEventListener("change", () => chooseTheme(choice.value));
    this.button.addEventListener("click", async () => {
      await notifier.turn(notifier.state !== "on");
      this.#show();
    });
    byId("settings-help").addEventListener("click", () => {
      this.close();
      onHelp();
    });
  }

  open() {
    for (const choice of this.#themes()) choice.checked = choice.value === chosenTheme();
    this.#show();
    super.open();
  }

  #themes() {
    return this.element.querySelectorAll('input[name="theme"]');
  }

  #show() {
    const { state } = this.notifier;
    const texts = {
      on: t("You are notified of direct messages and of @mentions while you look elsewhere."),
      off: t("You can be notified of direct messages and of @mentions while you look elsewhere."),
      denied: t("Your browser does not allow it. Its settings for this page can change that."),
      missing: t("Your browser offers notifications only over https."),
    };
    this.about.textContent = texts[state];
    this.button.textContent = state === "on" ? t("Turn off notifications") : t("Turn on notifications");
    this.button.hidden = state === "denied" || state === "missing";
  }
}
