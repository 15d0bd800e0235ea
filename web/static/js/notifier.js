/** Calls of the operating system for messages to the user, while they look elsewhere. Only who asked for them gets them. */

import { noticeOf } from "./notices.js";
import { t } from "./texts.js";

const ICON = new URL("../icons/icon-192.png", import.meta.url).href; // of the same version as this module

export class Notifier {
  /**
   * @param {import("./timeline.js").User} self @param {Storage} storage
   * @param {(path: string) => void} onOpen  go to the message
   */
  constructor(self, storage, onOpen) {
    this.self = self;
    this.storage = storage;
    this.key = `parley:notify:${self.id}`;
    this.onOpen = onOpen;
  }

  /** "on", "off", "denied" (by the browser; only its own settings help), or "missing". */
  get state() {
    if (!("Notification" in window) || !isSecureContext) return "missing";
    if (Notification.permission === "denied") return "denied";
    return Notification.permission === "granted" && this.storage.getItem(this.key) === "on" ? "on" : "off";
  }

  /** The user asked for it, by a click: browsers take no other time for their question. */
  async turn(on) {
    if (on && (await Notification.requestPermission()) !== "granted") return;
    this.storage.setItem(this.key, on ? "on" : "off");
  }

  /** @param {import("./timeline.js").Message} message @param {import("./rooms.js").Rooms} rooms */
  came(message, rooms) {
    const held = rooms.get(message.room);
    const notice = held ? noticeOf(message, held, this.self) : null;
    if (notice) this.#call(notice, message.room, message.number);
  }

  /** A room that is new to the user: somebody's first direct message is told with it. @param {number} id */
  joined(id, rooms) {
    const { room, last_number: number } = rooms.get(id);
    if (room.kind !== "direct" || !rooms.unreadCount(id)) return;
    this.#call({ title: rooms.peer(room).name, body: t("New direct message") }, id, number);
  }

  #call({ title, body }, room, number) {
    if (this.state !== "on") return;
    // The same tag in every tab: the message is called once.
    const about = { body, tag: `parley:${room}:${number}`, icon: ICON };
    try {
      const call = new Notification(title, about);
      call.addEventListener("click", () => {
        window.focus();
        this.onOpen(`/rooms/${room}#${number}`);
        call.close();
      });
    } catch {
      // Browsers of phones have the constructor and refuse it: there only installed workers may call.
    }
  }
}
