/**
 * Drains the outbox over the connection: one unanswered message per conversation, the same id
 * until it is answered, the next one only after that.
 *
 * One tab drains for all of a user's tabs. That saves work but is not what makes it right: the
 * server carries out an id once, so that two tabs that drain, where Web Locks are missing (plain
 * http outside localhost) or a lock was taken over, do no harm.
 *
 * @typedef {import("./outbox.js").Outbox} Outbox
 * @typedef {import("./outbox.js").Entry} Entry
 */

import { Backoff } from "./backoff.js";

const ANSWER_MILLISECONDS = 20_000; // then it is sent again: the same id, so nothing can double

export class Sender {
  /**
   * @param {object} parts
   * @param {Outbox} parts.outbox
   * @param {(message: object) => boolean} parts.send  whether the connection took it
   * @param {(entry: Entry) => {room?: number, to?: string}} parts.address  where an entry goes
   * @param {Lock} parts.lock
   */
  constructor({ outbox, send, address, lock }) {
    this.outbox = outbox;
    this.send = send;
    this.address = address;
    this.lock = lock;
    this.connected = false;
    /**
     * @type {Map<string, {conversation: string, timer: number}>} entries that wait for their answer, by id
     */
    this.unanswered = new Map();
    /**
     * @type {Map<string, {timer: number, backoff: Backoff}>} conversations that wait after a temporary refusal
     */
    this.waiting = new Map();
    outbox.addEventListener("change", () => this.drain());
    lock.onHeld = () => this.drain();
  }

  /** The connection is there. */
  start() {
    this.connected = true;
    this.lock.take();
    this.drain();
  }

  /** The connection is gone or going: what is unanswered is sent again on the next one. */
  stop() {
    this.connected = false;
    this.lock.release();
    for (const { timer } of [...this.unanswered.values(), ...this.waiting.values()]) clearTimeout(timer);
    this.unanswered.clear();
    for (const wait of this.waiting.values()) wait.timer = 0;
  }

  /** The user has just written in this tab: it is the one that is looked at, so it drains. */
  prefer() {
    if (this.connected && !this.lock.held) this.lock.take({ steal: true });
  }

  drain() {
    if (!this.connected || !this.lock.held) return;
    for (const entry of this.outbox.next()) {
      const busy = [...this.unanswered.values()].some((open) => open.conversation === entry.conversation);
      if (!busy && !this.waiting.get(entry.conversation)?.timer) this.#send(entry);
    }
  }

  /** @param {{id: string, room: number, version: number}} ack */
  acked(ack) {
    const open = this.#close(ack.id);
    if (open) this.waiting.delete(open.conversation);
    this.outbox.sent(ack.id, ack.room, ack.version);
    this.drain();
  }

  /** @param {{id: string, message: string, temporary?: boolean, retry_after?: number|null}} error */
  refused(error) {
    const open = this.#close(error.id);
    if (!open) return;
    if (error.temporary) this.#retryLater(open.conversation, error.retry_after ?? 0);
    else this.outbox.failed(error.id, error.message);
    this.drain();
  }

  /**
   * The server ended the connection because of what we sent: sending it again would end the next one too.
   * @param {string} fault
   */
  unanswerable(fault) {
    for (const id of [...this.unanswered.keys()]) {
      this.#close(id);
      this.outbox.failed(id, fault);
    }
  }

  /** Whether a message waits for its answer on this connection. */
  get busy() {
    return this.unanswered.size > 0;
  }

  #send(entry) {
    const { id, body, reply_to } = entry; // what is undefined is not in the frame
    const taken = this.send({ type: "send", id, ...this.address(entry), body, reply_to });
    if (!taken) return;
    const timer = setTimeout(() => {
      this.#close(entry.id);
      this.drain();
    }, ANSWER_MILLISECONDS);
    this.unanswered.set(entry.id, { conversation: entry.conversation, timer });
  }

  #close(id) {
    const open = this.unanswered.get(id);
    if (open) clearTimeout(open.timer);
    this.unanswered.delete(id);
    return open;
  }

  #retryLater(conversation, seconds) {
    const backoff = this.waiting.get(conversation)?.backoff ?? new Backoff();
    const timer = setTimeout(
      () => {
        const wait = this.waiting.get(conversation);
        if (wait) wait.timer = 0;
        this.drain();
      },
      Math.max(seconds * 1000, backoff.next()),
    );
    this.waiting.set(conversation, { timer, backoff });
  }
}

/** A lock that one tab of a user holds, by the Web Locks API; always held where the browser has none. */
export class Lock {
  /** @param {string} name @param {LockManager|undefined} locks */
  constructor(name, locks) {
    this.name = name;
    this.locks = locks;
    this.held = false;
    this.onHeld = () => {};
    /** @type {AbortController|null} of the request that waits or holds */
    this.request = null;
    this.let = () => {};
  }

  /** Hold the lock as soon as it is free, or, with `steal`, now. @param {{steal?: boolean}} [options] */
  take({ steal = false } = {}) {
    if (!this.locks) {
      this.held = true;
      return;
    }
    if (this.request && !steal) return;
    this.release();
    const request = new AbortController();
    this.request = request;
    const options = steal ? { steal: true } : { signal: request.signal };
    this.locks
      .request(this.name, options, () => this.#hold(request))
      .catch((fault) => this.#lost(request, fault));
  }

  release() {
    this.request?.abort();
    this.request = null;
    this.held = false;
    this.let();
  }

  #hold(request) {
    if (this.request !== request) return undefined;
    this.held = true;
    this.onHeld();
    return new Promise((resolve) => {
      this.let = resolve;
    });
  }

  /** Another tab took the lock over: queue for it again. */
  #lost(request, fault) {
    if (this.request !== request) return;
    this.request = null;
    this.held = false;
    if (fault.name !== "AbortError") this.locks = undefined; // the browser forbids locks here
    this.take();
    if (this.held) this.onHeld();
  }
}
