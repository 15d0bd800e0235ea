/** What a message field completes: emoji by name, and people of the room. */

import { avatar } from "./avatar.js";
import { emojiMatches, emojiQuery, mentionQuery, peopleMatches } from "./completion.js";
import { el, icon } from "./dom.js";
import { emojiList } from "./emoji-library.js";
import { t } from "./texts.js";

const KNOWN_MILLISECONDS = 60_000; // then members are asked for again

/** @type {import("./completion-view.js").Source} */
export const emojiSource = {
  label: () => t("Emoji"),
  query: emojiQuery,
  async find(query, show) {
    const list = await emojiList();
    if (list) show(emojiMatches(list, query).map(emojiOption));
  },
  async whole(query) {
    const list = await emojiList();
    return list && Object.hasOwn(list, query) ? list[query] : null;
  },
};

function emojiOption({ name, character }) {
  return {
    text: character,
    label: `:${name}:`,
    sign: () => el("span", { class: "completion-character", "aria-hidden": "true" }, character),
  };
}

/** Members of the open room by the beginning of their names, those who wrote last first; `@room` for owners. */
export class PeopleSource {
  /**
   * @param {object} room  the open one
   * @param {() => number|null} room.id
   * @param {() => boolean} room.callsAll  whether the user may call everybody
   * @param {() => import("./timeline.js").User[]} room.recent  authors, the last one first, without the user
   * @param {(room: number, query: string) => Promise<{members: import("./timeline.js").User[], more: boolean}>} room.members
   * @param {number} self
   */
  constructor(room, self) {
    this.room = room;
    this.self = self;
    /** @type {Map<string, {members: import("./timeline.js").User[], more: boolean, at: number}>} by room and query */
    this.known = new Map();
    this.query = mentionQuery;
  }

  label() {
    return t("People");
  }

  async find(query, show) {
    const id = this.room.id();
    const held = id === null ? null : this.#held(id, query);
    show(this.#options(query, held?.members ?? []));
    if (held || id === null) return;
    try {
      const { members, more } = await this.room.members(id, query);
      this.known.set(`${id}:${query}`, { members, more, at: Date.now() });
      if (id === this.room.id()) show(this.#options(query, members));
    } catch {
      // Not reached: those who wrote last are offered all the same.
    }
  }

  /** The answer to this query or, where that was complete, to a shorter one. */
  #held(id, query) {
    for (let length = query.length; length >= 0; length -= 1) {
      const held = this.known.get(`${id}:${query.slice(0, length)}`);
      const isFresh = held && Date.now() - held.at < KNOWN_MILLISECONDS;
      if (isFresh && (length === query.length || !held.more)) return held;
    }
    return null;
  }

  #options(query, members) {
    const others = members.filter(({ id }) => id !== this.self);
    const people = peopleMatches(this.room.recent(), others, query).map((user) => ({
      text: `@${user.name}`,
      label: user.name,
      sign: () => avatar(user),
    }));
    return this.room.callsAll() && "room".startsWith(query) ? [...people, everybody()] : people;
  }
}

function everybody() {
  return {
    text: "@room",
    label: "@room",
    note: t("everybody in this room"),
    sign: () => el("span", { class: "completion-character" }, icon("people")),
  };
}
