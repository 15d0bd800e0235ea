/**
 * The reactions under messages as the user sees them: those of the log, and what they have just asked for. A reaction
 * shows at once and goes again where it is refused. One command at a time for each emoji under a message: two that
 * cross would leave the state of the first. Pure but for the function that runs a command.
 *
 * @typedef {{emoji: string, users: number[]}} Reaction
 * @typedef {{emoji: string, on: boolean, open: boolean, version: number|null}} Wish  `open`: a command is under way;
 *   `version`: of the log, that fulfils it
 */

export class Reactions extends EventTarget {
  /**
   * @param {number} self  the user's id
   * @param {(command: object) => Promise<{version: number}>} run  rejects where it is refused for good
   */
  constructor(self, run) {
    super();
    this.self = self;
    this.run = run;
    /** @type {Map<string, Map<string, Wish>>} by message, then by emoji */
    this.wishes = new Map();
  }

  /** @param {import("./timeline.js").Message} message @returns {Reaction[]} */
  of(message) {
    const wishes = this.wishes.get(keyOf(message));
    const held = message.deleted ? [] : (message.reactions ?? []);
    if (!wishes) return held;
    for (const [emoji, { version }] of wishes) {
      if (version !== null && message.version >= version) wishes.delete(emoji);
    }
    if (wishes.size === 0) this.wishes.delete(keyOf(message));
    return message.deleted ? [] : [...wishes.values()].reduce((shown, wish) => this.#with(shown, wish), held);
  }

  /** Whether the user's own is among those who reacted so. @param {Reaction|undefined} reaction */
  isOwn(reaction) {
    return Boolean(reaction?.users.includes(this.self));
  }

  /** The other way: the user's reaction is there, or it is not. */
  toggle(message, emoji) {
    this.set(
      message,
      emoji,
      !this.isOwn(this.of(message).find((one) => one.emoji === emoji)),
    );
  }

  /** @param {import("./timeline.js").Message} message @param {string} emoji @param {boolean} on */
  set(message, emoji, on) {
    const wishes = this.wishes.get(keyOf(message)) ?? new Map();
    this.wishes.set(keyOf(message), wishes);
    const wish = wishes.get(emoji) ?? { emoji, on, open: false, version: null };
    wishes.set(emoji, wish);
    wish.on = on;
    wish.version = null;
    if (!wish.open) this.#ask(message, wish, wishes);
    this.#tell("change");
  }

  async #ask({ room, number }, wish, wishes) {
    const { emoji, on } = wish;
    wish.open = true;
    try {
      const { version } = await this.run({ type: "react", room, number, emoji, on });
      if (wish.on === on) wish.version = version;
    } catch (fault) {
      wishes.delete(emoji);
      this.#tell("refused", fault.message);
      this.#tell("change");
      return;
    } finally {
      wish.open = false;
    }
    if (wish.on !== on) await this.#ask({ room, number }, wish, wishes);
    else this.#tell("change");
  }

  #with(reactions, { emoji, on }) {
    const held = reactions.find((one) => one.emoji === emoji);
    if (this.isOwn(held) === on) return reactions;
    if (!held) return [...reactions, { emoji, users: [this.self] }];
    const users = on ? [...held.users, this.self] : held.users.filter((user) => user !== this.self);
    return reactions.map((one) => (one === held ? { emoji, users } : one)).filter((one) => one.users.length);
  }

  #tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function keyOf({ room, number }) {
  return `${room}:${number}`;
}
