/** Whom a message calls by `@name` or `@room`, as the server says: it knows who is in the room and who owns it. Pure. */

/**
 * Whether a message calls the user, alone or with everybody.
 * @param {import("./timeline.js").Message} message @param {import("./timeline.js").User} self
 */
export function callsUser({ author, mentions, everyone }, self) {
  return author.id !== self.id && Boolean(everyone || mentions?.includes(self.id));
}

/**
 * How a name in a text stands out: as the user's own, as another's, or not, where nobody is called by it.
 * @param {string} name  in small letters
 * @param {import("./timeline.js").Message} message @param {import("./timeline.js").User} self
 * @param {(user: number) => string|null|undefined} nameOf
 * @returns {"me"|"other"|null}
 */
export function mentionOf(name, { mentions = [], everyone = false }, self, nameOf) {
  if (name === "room") return everyone ? "me" : null;
  const user = mentions.find((id) => (id === self.id ? self.name : nameOf(id))?.toLowerCase() === name);
  if (user === undefined) return null;
  return user === self.id ? "me" : "other";
}
