/**
 * Which of the loaded rows stand in the page: a bounded number, however many are loaded. Rows are named by their
 * numbers, so that those which come and go around them change nothing. Pure.
 */

export const ROWS_MOST = 200;
const STEP = 50;

export class RowWindow {
  constructor() {
    this.toEnd();
  }

  /** Show the newest rows, and those that come. */
  toEnd() {
    /** @type {number|null} the oldest number to show; null: as many as begin with */
    this.from = null;
    /** @type {number|null} the newest number to show; null: whatever comes */
    this.to = null;
  }

  /** Whether the newest row is shown. */
  get isAtEnd() {
    return this.to === null;
  }

  /**
   * The rows to show.
   * @template {{number: number}} Row
   * @param {Row[]} rows  ascending by number
   * @param {boolean} keepsEnd  where there are too many: whether to leave out the oldest of them
   * @returns {Row[]}
   */
  of(rows, keepsEnd) {
    let { low, high } = this.#bounds(rows);
    if (high - low > ROWS_MOST) {
      if (keepsEnd) this.from = rows[(low = high - ROWS_MOST)].number;
      else this.to = rows[(high = low + ROWS_MOST) - 1].number;
    }
    return rows.slice(low, high);
  }

  /** Show older ones. @param {{number: number}[]} rows @returns {boolean} whether there are any that are loaded */
  older(rows) {
    const { low, high } = this.#bounds(rows);
    this.from = low > STEP ? rows[low - STEP].number : 0;
    const from = Math.max(0, low - STEP);
    if (high - from > ROWS_MOST) this.to = rows[from + ROWS_MOST - 1].number;
    return low > 0;
  }

  /** Show newer ones. @param {{number: number}[]} rows @returns {boolean} whether there are any */
  newer(rows) {
    if (this.to === null) return false;
    const { low, high } = this.#bounds(rows);
    const to = Math.min(rows.length, high + STEP);
    this.to = to === rows.length ? null : rows[to - 1].number;
    this.from = rows[Math.max(low, to - ROWS_MOST)]?.number ?? 0;
    return to > high;
  }

  /** Show the row with this number, and keep it: in the middle, where it is not shown yet. @param {{number: number}[]} rows @param {number} number */
  around(rows, number) {
    const { low, high } = this.#bounds(rows);
    const place = placeOf(rows, number);
    if (place >= low && place < high) {
      this.from ??= rows[low].number;
      return;
    }
    const from = Math.max(0, place - ROWS_MOST / 2);
    const to = Math.min(rows.length, from + ROWS_MOST);
    this.from = rows[from]?.number ?? 0;
    this.to = to === rows.length ? null : rows[to - 1].number;
  }

  #bounds(rows) {
    const high = this.to === null ? rows.length : placeOf(rows, this.to + 1);
    const low = this.from === null ? Math.max(0, high - ROWS_MOST / 2) : placeOf(rows, this.from);
    return { low: Math.min(low, high), high };
  }
}

/** The index of the first row with this number or a higher one. */
function placeOf(rows, number) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
