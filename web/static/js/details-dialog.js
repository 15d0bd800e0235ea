/** What can be done with the open conversation: what calls one, unread again, its name and topic, leaving it. */

import { titleOf } from "./conversations.js";
import { Dialog } from "./dialog.js";
import { byId } from "./dom.js";
import { GENERAL } from "./rooms.js";

export class DetailsDialog extends Dialog {
  /**
   * @param {object} parts
   * @param {import("./app.js").App} parts.app
   * @param {import("./actions.js").Actions} parts.actions
   */
  constructor({ app, actions }) {
    super("details-dialog");
    this.app = app;
    this.actions = actions;
    this.title = byId("details-title");
    this.topic = byId("details-topic");
    this.fault = byId("details-fault");
    this.unread = byId("mark-unread");
    this.form = byId("details-form");
    this.leave = byId("leave");
    for (const choice of this.#levels()) choice.addEventListener("change", () => this.#choose(choice.value));
    this.unread.addEventListener("click", () => this.#markUnread());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    this.leave.addEventListener("click", () => {
      this.close();
      actions.askLeave();
    });
  }

  open() {
    const { current, rooms } = this.app;
    const { room, role, own, last_number: last } = rooms.get(current.room);
    const isOwner = role === "owner" && room.kind === "public";
    this.title.textContent = titleOf(current, rooms);
    this.topic.textContent = room.topic;
    this.topic.hidden = !room.topic || isOwner;
    for (const choice of this.#levels()) {
      choice.checked = choice.value === own.level;
      // In a direct room everything is for the user.
      choice.parentElement.hidden = choice.value === "mentions" && room.kind === "direct" && own.level !== "mentions";
    }
    this.unread.hidden = last === 0;
    this.form.hidden = !isOwner;
    this.form.elements.namedItem("name").value = room.name ?? "";
    this.form.elements.namedItem("topic").value = room.topic;
    this.leave.hidden = room.kind !== "public" || room.id === GENERAL;
    this.#say("");
    super.open();
  }

  #levels() {
    return this.element.querySelectorAll('input[name="level"]');
  }

  async #choose(level) {
    const { room } = this.app.current;
    const fault = await this.actions.setLevel(room, level);
    if (fault === null || this.app.current.room !== room) return;
    for (const choice of this.#levels()) choice.checked = choice.value === this.app.rooms.level(room);
    this.#say(fault);
  }

  #markUnread() {
    const { current, rooms } = this.app;
    this.close();
    this.app.markUnread(rooms.get(current.room).last_number);
  }

  async #save() {
    const about = Object.fromEntries(["name", "topic"].map((name) => [name, this.form.elements.namedItem(name).value]));
    const fault = await this.actions.changeRoom(this.app.current.room, about);
    if (fault === null) this.close();
    else this.#say(fault);
  }

  #say(fault) {
    this.fault.textContent = fault;
  }
}
