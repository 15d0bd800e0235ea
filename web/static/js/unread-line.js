/** Where the line stands that parts what one has read from what is new. Pure. */

export class UnreadLine {
  constructor() {
    /** @type {number|null} the newest number that was read; null: no line */
    this.after = null;
  }

  /**
   * A conversation is opened.
   * @param {number} lastRead  number of the last message that was read
   * @param {number} lastNumber  number of the last message
   */
  opened(lastRead, lastNumber) {
    this.after = lastNumber > lastRead ? lastRead : null;
  }

  /** The user wants to read on from a message another time. @param {number} number */
  marked(number) {
    this.after = number - 1;
  }

  /** A message of somebody else came. @param {number} number @param {boolean} seen  the user looks at the end */
  came(number, seen) {
    if (!seen) this.after ??= number - 1;
  }

  /** The user wrote something: they know what stands before. */
  wrote() {
    this.after = null;
  }

  /**
   * The number of the row before which it stands, if that is known.
   * @param {{number: number, author: {id: number}}[]} rows  ascending, those that are loaded
   * @param {boolean} more  whether older ones are not
   * @param {number} self  whose own messages are never new
   * @returns {number|null}
   */
  before(rows, more, self) {
    if (this.after === null || !rows.length) return null;
    if (more && rows[0].number > this.after + 1) return null;
    return rows.find((row) => row.number > this.after && row.author.id !== self)?.number ?? null;
  }
}
