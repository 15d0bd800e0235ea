/** Which messages deserve that one is called, and what the call says. Pure. */

import { plain } from "./markdown.js";
import { t } from "./texts.js";

const TEXT_MOST = 200; // code points; systems show less

/**
 * Whether a text speaks to a user by `@name`.
 * @param {string} text @param {string} name
 */
export function mentions(text, name) {
  const wanted = `@${name}`.toLowerCase();
  const found = text.toLowerCase().matchAll(/(?<![\p{L}\p{N}_@])@[\p{L}\p{N}_]+/gu);
  return [...found].some(([word]) => word === wanted);
}

/**
 * The call for a message, or null where it deserves none: it is neither direct nor speaks to the user.
 * @param {import("./timeline.js").Message} message
 * @param {import("./rooms.js").Room} room
 * @param {string} name  of the user
 * @returns {{title: string, body: string}|null}
 */
export function noticeOf(message, room, name) {
  const isDirect = room.kind === "direct";
  if (!isDirect && !mentions(message.body, name)) return null;
  const author = message.author.name;
  const title = isDirect ? author : t("{name} in {room}", { name: author, room: room.name ?? "" });
  const text = [...plain(message.body)];
  return { title, body: text.length > TEXT_MOST ? `${text.slice(0, TEXT_MOST - 1).join("")}…` : text.join("") };
}
