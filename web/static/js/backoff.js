/**
 * How long to wait before the next attempt: "full jitter", as in the AWS Architecture Blog's
 * "Exponential Backoff And Jitter": uniform below a ceiling that doubles. Pure.
 */

/** Failures that count at most, after a moment of success and after a refusal: ceilings of 2 s and 4 s. */
const WELCOMED = 1;
const TOLD = 2;
/** Failures that count at least after "too many": a ceiling of 8 s, then 16 s, then 30 s. */
const TOO_MANY = 3;

export class Backoff {
  /**
   * @param {{least?: number, most?: number, random?: () => number}} [options]  milliseconds
   */
  constructor({ least = 500, most = 30_000, random = Math.random } = {}) {
    this.least = least;
    this.most = most;
    this.random = random;
    this.failures = 0;
  }

  /** Milliseconds until the next attempt. */
  next() {
    const ceiling = Math.min(this.most, this.least * 2 ** (this.failures + 1));
    this.failures += 1;
    return this.least + this.random() * (ceiling - this.least);
  }

  /** It worked for a moment: the next wait is one of the shorter ones. */
  welcomed() {
    this.failures = Math.min(this.failures, WELCOMED);
  }

  /** A server answered, and said "try again": it will be well in a moment. */
  told() {
    this.failures = Math.min(this.failures, TOLD);
  }

  /** A server said "too many": the next wait is one of the longer ones, however well it went before. */
  tooMany() {
    this.failures = Math.max(this.failures, TOO_MANY);
  }

  reset() {
    this.failures = 0;
  }
}
