/** Calls of the operating system for messages to the user, while they look elsewhere. Only who asked for them gets them. */

import { noticeOf } from "./notices.js";

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
    const room = rooms.get(message.room)?.room;
    const notice = room && this.state === "on" ? noticeOf(message, room, this.self.name) : null;
    if (!notice) return;
    // The same tag in every tab: the message is called once.
    const tag = `parley:${message.room}:${message.number}`;
    try {
      const call = new Notification(notice.title, { body: notice.body, tag, icon: "/static/icons/icon-192.png" });
      call.addEventListener("click", () => {
        window.focus();
        this.onOpen(`/rooms/${message.room}#${message.number}`);
        call.close();
      });
    } catch {
      // Browsers of phones have the constructor and refuse it: there only installed workers may call.
    }
  }
}
