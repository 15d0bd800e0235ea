/** Which messages deserve that one is called, and what the call says. Pure. */

import { plain } from "./markdown.js";
import { callsUser } from "./mentions.js";
import { t } from "./texts.js";

const TEXT_MOST = 200; // code points; systems show less

/**
 * The call for a message of somebody else, or null where the user does not want one: see the levels of a room.
 * @param {import("./timeline.js").Message} message
 * @param {{room: import("./rooms.js").Room, own: {level: import("./own-state.js").Level}}} held
 * @param {import("./timeline.js").User} self
 * @returns {{title: string, body: string}|null}
 */
export function noticeOf(message, { room, own }, self) {
  const isDirect = room.kind === "direct";
  const isWanted = isDirect || own.level === "all" || callsUser(message, self);
  if (!isWanted || own.level === "muted") return null;
  const author = message.author.name;
  const title = isDirect ? author : t("{name} in {room}", { name: author, room: room.name ?? "" });
  const text = [...plain(message.body)];
  return { title, body: text.length > TEXT_MOST ? `${text.slice(0, TEXT_MOST - 1).join("")}…` : text.join("") };
}
