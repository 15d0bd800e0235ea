/** Timers that pass when the test says so. */

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

export class Clock {
  now = 0;
  #timers = new Map();
  #last = 0;

  /** From here on `setTimeout` is this clock's. */
  static install() {
    const clock = new Clock();
    globalThis.setTimeout = (run, milliseconds = 0) => clock.#set(run, milliseconds);
    globalThis.clearTimeout = (timer) => clock.#timers.delete(timer);
    return clock;
  }

  static uninstall() {
    Object.assign(globalThis, real);
  }

  tick(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const due = [...this.#timers]
        .filter(([, timer]) => timer.at <= end)
        .sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.now = due[1].at;
      due[1].run();
    }
    this.now = end;
  }

  #set(run, milliseconds) {
    this.#last += 1;
    this.#timers.set(this.#last, { run, at: this.now + milliseconds });
    return this.#last;
  }
}
