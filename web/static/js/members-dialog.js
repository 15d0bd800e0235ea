/** Who is in the open room, by name, page by page; a click on somebody opens the direct conversation with them. */

import { Dialog } from "./dialog.js";
import { byId, el, keep, linkButton } from "./dom.js";
import { requestFault } from "./faults.js";
import { face, presenceText } from "./presence-view.js";
import { t } from "./texts.js";

const VIEW = "members"; // its name for `presence.js`

export class MembersDialog extends Dialog {
  /**
   * @param {object} parts
   * @param {import("./api.js").Api} parts.api
   * @param {import("./presence.js").Presence} parts.presence
   * @param {() => number|null} parts.room  the open one
   * @param {(name: string) => Promise<string|null>} parts.write  open a direct conversation
   */
  constructor({ api, presence, room, write }) {
    super("members-dialog");
    Object.assign(this, { api, presence, room, write });
    this.list = byId("members-list");
    this.state = byId("members-state");
    this.filter = byId("members-filter");
    this.members = [];
    this.asked = 0; // counts what was asked for, so that a late answer to an old question is known
    this.filter.addEventListener("input", () => this.#load());
    this.element.addEventListener("close", () => presence.show(VIEW, []));
    presence.addEventListener("change", () => this.element.open && this.#show());
  }

  open() {
    this.filter.value = "";
    this.members = [];
    this.#show();
    super.open();
    return this.#load();
  }

  /** The first page of those whose names begin as typed; or, `after` a name, the next one. */
  async #load(after = "") {
    const asked = ++this.asked;
    if (!this.members.length) this.#say(t("Loading members…"));
    try {
      const which = { q: this.filter.value.trim().replace(/^@/, ""), ...(after && { after }) };
      const { members, more } = await this.api.members(this.room(), which);
      if (asked !== this.asked) return;
      this.members = after ? [...this.members, ...members] : members;
      this.#show();
      const last = this.members.at(-1)?.name;
      if (more) this.#say(linkButton(t("Show more"), () => this.#load(last)));
      else this.#say(this.members.length ? "" : t("Nobody here is called so."));
    } catch (fault) {
      if (asked !== this.asked) return;
      this.#say(
        requestFault(fault),
        linkButton(t("Retry"), () => this.#load(after)),
      );
    }
  }

  #show() {
    if (this.element.open)
      this.presence.show(
        VIEW,
        this.members.map(({ id }) => id),
      );
    keep(
      this.list,
      this.members.map((member) => this.#item(member)),
    );
  }

  #item(member) {
    const state = this.presence.of(member.id);
    return {
      key: String(member.id),
      stamp: `${member.name} ${member.role} ${state}`,
      make: () =>
        el(
          "li",
          {},
          el(
            "button",
            { type: "button", class: "member", onclick: () => this.#write(member.name) },
            face(member, state),
            el("span", { class: "list-name" }, member.name),
            member.role === "owner" && el("span", { class: "member-role" }, t("owner")),
            el("span", { class: "member-presence" }, presenceText(state)),
          ),
        ),
    };
  }

  async #write(name) {
    const fault = await this.write(name);
    if (fault === null) this.done();
    else this.#say(fault);
  }

  #say(...parts) {
    this.state.replaceChildren(...parts);
    this.state.hidden = parts.every((part) => part === "");
  }
}
