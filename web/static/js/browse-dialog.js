/** The dialog with all public rooms. */

import { Dialog } from "./dialog.js";
import { byId, el, icon, keep, linkButton } from "./dom.js";
import { requestFault } from "./faults.js";
import { t, tn } from "./texts.js";

/** All public rooms: open the ones that one is in, join the others. */
export class BrowseDialog extends Dialog {
  /**
   * @param {() => Promise<{id: number, name: string, member_count: number, member: boolean}[]>} load
   * @param {(room: number) => Promise<string|null>} join  the fault, or null where it is done
   */
  constructor(load, join) {
    super("browse-dialog");
    this.load = load;
    this.join = join;
    this.list = byId("browse-list");
    this.state = byId("browse-state");
    this.filter = byId("browse-filter");
    this.rooms = [];
    this.filter.addEventListener("input", () => this.#show());
    this.list.addEventListener("click", (event) => event.target.closest("a") && this.done());
  }

  async open() {
    this.filter.value = "";
    this.rooms = [];
    this.#show();
    this.#say(t("Loading rooms…"));
    super.open();
    await this.#reload();
  }

  async #reload() {
    try {
      this.rooms = await this.load();
      this.#show();
    } catch (fault) {
      this.#say(
        requestFault(fault),
        linkButton(t("Retry"), () => this.#reload()),
      );
    }
  }

  #show() {
    const wanted = this.filter.value.trim().toLocaleLowerCase();
    const found = this.rooms.filter((room) => room.name.toLocaleLowerCase().includes(wanted));
    keep(
      this.list,
      found.map((room) => ({
        key: String(room.id),
        stamp: JSON.stringify(room),
        make: () => this.#item(room),
      })),
    );
    this.#say(found.length ? "" : t("There is no such room. You can create it."));
  }

  #item(room) {
    const label = room.member ? t("Open {name}", { name: room.name }) : t("Join {name}", { name: room.name });
    const action = room.member
      ? el(
          "a",
          { class: "button is-small", href: `/rooms/${room.id}`, "data-route": true, "aria-label": label },
          t("Open"),
        )
      : el(
          "button",
          {
            type: "button",
            class: "button is-primary is-small",
            "aria-label": label,
            onclick: (event) => this.#join(room, event.currentTarget),
          },
          t("Join"),
        );
    return el(
      "li",
      { class: "browse-item" },
      el("span", { class: "list-sign" }, icon("hash")),
      el(
        "span",
        { class: "browse-name" },
        el("span", { dir: "auto" }, room.name),
        el("small", {}, tn("{count} member", "{count} members", room.member_count)),
      ),
      action,
    );
  }

  async #join(room, button) {
    button.disabled = true;
    const fault = await this.join(room.id);
    button.disabled = false;
    if (fault === null) this.done();
    else this.#say(fault);
  }

  #say(...parts) {
    this.state.replaceChildren(...parts);
    this.state.hidden = parts.every((part) => part === "");
  }
}
