/** What the user asks for and the server decides: edit, delete, create, join, leave, open. */

import { conversationOf, directConversation, nicknameOf, titleOf } from "./conversations.js";
import { requestFault } from "./faults.js";
import { sendable } from "./format.js";
import { GENERAL } from "./rooms.js";
import { t } from "./texts.js";

export class Actions {
  /**
   * @param {object} parts
   * @param {import("./app.js").App} parts.app
   * @param {import("./replica.js").Replica} parts.replica
   * @param {import("./commands.js").Commands} parts.commands
   * @param {import("./api.js").Api} parts.api
   * @param {import("./router.js").Router} parts.router
   * @param {import("./dialog.js").ConfirmDialog} parts.confirm
   * @param {import("./notice-view.js").NoticeView} parts.notice
   */
  constructor({ app, replica, commands, api, router, confirm, notice }) {
    this.app = app;
    this.replica = replica;
    this.commands = commands;
    this.api = api;
    this.router = router;
    this.confirm = confirm;
    this.notice = notice;
  }

  /** @returns {Promise<string|null>} the fault, or null */
  saveEdit(message, text) {
    return this.#run({
      type: "edit",
      room: message.room,
      number: message.number,
      base: message.body_version,
      body: sendable(text),
    });
  }

  askDelete(message) {
    const words = {
      title: t("Delete this message?"),
      text: t("Its text goes for everybody and can not be brought back."),
      action: t("Delete"),
    };
    this.confirm.ask(words, async () => {
      const fault = await this.#run({ type: "delete", room: message.room, number: message.number });
      if (fault) this.notice.show(fault);
    });
  }

  askLeave() {
    const { current } = this.app;
    const name = titleOf(current, this.replica.rooms);
    const words = {
      title: t("Leave {name}?", { name }),
      text: t("You can join again whenever you like."),
      action: t("Leave"),
    };
    this.confirm.ask(words, () => this.#leave(current.room));
  }

  /** @param {string} name @returns {Promise<string|null>} the fault, or null */
  createRoom(name) {
    return this.#enter(() => this.api.createRoom(name));
  }

  /** @param {number} room @returns {Promise<string|null>} */
  join(room) {
    return this.#enter(() => this.api.join(room));
  }

  /** @param {number} room @param {{name: string, topic: string}} about @returns {Promise<string|null>} the fault, or null */
  async changeRoom(room, about) {
    try {
      this.replica.joined(await this.api.changeRoom(room, about));
      return null;
    } catch (fault) {
      return requestFault(fault);
    }
  }

  /**
   * What calls the user in a room.
   * @param {number} room @param {import("./own-state.js").Level} level
   * @returns {Promise<string|null>} the fault, or null
   */
  async setLevel(room, level) {
    try {
      this.replica.marked(await this.api.setLevel(room, level));
      return null;
    } catch (fault) {
      return requestFault(fault);
    }
  }

  /** @param {string} typed @returns {Promise<string|null>} */
  async openDirect(typed) {
    const name = nicknameOf(typed);
    if (!name) return t("Type a user name.");
    try {
      const { user, summary } = await this.api.direct(name);
      if (summary) this.replica.joined(summary);
      this.app.meet(user);
      this.app.visit(directConversation(user, this.replica.rooms));
      return null;
    } catch (fault) {
      return fault.status === 404 ? t("Nobody here is called {name}.", { name }) : requestFault(fault);
    }
  }

  async #leave(room) {
    try {
      await this.api.leave(room);
    } catch (fault) {
      this.notice.show(requestFault(fault));
      return;
    }
    this.replica.leave(room);
    if (this.app.current.room === room) this.router.go(`/rooms/${GENERAL}`, { replace: true });
  }

  async #enter(request) {
    try {
      const summary = await request();
      this.replica.joined(summary);
      this.app.visit(conversationOf(summary, this.replica.rooms));
      return null;
    } catch (fault) {
      return requestFault(fault);
    }
  }

  async #run(command) {
    try {
      await this.commands.run(command);
      return null;
    } catch (refused) {
      return refused.message;
    }
  }
}
