/**
 * The WebSocket: connects, says hello, and comes back by itself (RFC 6455 §7.2.3: with a back-off
 * that differs from client to client). It knows how the line is, not what is said on it.
 */

import { Backoff } from "./backoff.js";

export const SUBPROTOCOL = "parley.v1";

/** Close codes and what they mean; shared/protocol.py has the same table. */
export const Close = {
  MESSAGE_TOO_BIG: 1009,
  RESTART: 1012,
  TRY_AGAIN: 1013,
  SIGNED_OUT: 4001,
  NOT_ALLOWED: 4003,
  TOO_MANY: 4029,
};

const PING_MILLISECONDS = 25_000;
const PONG_MILLISECONDS = 10_000;
const WELCOME_MILLISECONDS = 15_000;
const STABLE_MILLISECONDS = 10_000;

/**
 * @typedef {object} Listener
 * @property {() => object} hello  the first message of a connection
 * @property {(message: any) => void} onMessage  each message but `pong` and `drain`
 * @property {() => void} onUp  after `welcome`
 * @property {() => void} onDown
 * @property {() => void} onDrain  the daemon stops: say nothing more, the connection moves soon
 * @property {(code: number) => void} onRefused  it will not connect again
 * @property {() => void} onTooBig  the server ended the connection because of a message's size
 */

export class Connection {
  /**
   * @param {string} url
   * @param {Listener} listener
   * @param {{WebSocket?: typeof WebSocket, backoff?: Backoff}} [parts]
   */
  constructor(url, listener, { WebSocket: Socket = globalThis.WebSocket, backoff = new Backoff() } = {}) {
    this.url = url;
    this.listener = listener;
    this.Socket = Socket;
    this.backoff = backoff;
    /** @type {WebSocket|null} */
    this.socket = null;
    this.up = false;
    this.ended = false;
    this.timers = new Timers();
  }

  /** Connect now, unless it is connected or connecting. */
  open() {
    if (this.socket || this.ended) return;
    this.timers.clear("again");
    const socket = new this.Socket(this.url, SUBPROTOCOL);
    this.socket = socket;
    this.timers.set("answer", WELCOME_MILLISECONDS, () => this.#lost(socket, 0));
    socket.onopen = () => socket.send(JSON.stringify(this.listener.hello()));
    socket.onmessage = (event) => this.socket === socket && this.#receive(JSON.parse(event.data));
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  /** The network or the tab is back: connect at once, or find out whether the line still stands. */
  wake() {
    if (!this.socket) this.open();
    else if (this.up) this.#ping();
  }

  /** @param {object} message @returns {boolean} whether the socket took it */
  send(message) {
    if (!this.up) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Never connect again. */
  end() {
    this.ended = true;
    if (this.socket) this.#lost(this.socket, 0);
    this.timers.clearAll();
  }

  #receive(message) {
    this.timers.clear("answer"); // whatever is heard shows that the line stands
    if (message.type === "pong") return;
    if (message.type === "drain") {
      this.listener.onDrain();
      this.timers.set("move", message.within * 1000 * Math.random(), () => this.#move());
      return;
    }
    if (message.type === "welcome") {
      this.up = true;
      this.timers.set("stable", STABLE_MILLISECONDS, () => this.backoff.reset());
      this.timers.repeat("ping", PING_MILLISECONDS, () => this.#ping());
    }
    this.listener.onMessage(message);
    if (message.type === "welcome" && this.up) this.listener.onUp();
  }

  #ping() {
    if (this.timers.has("answer")) return;
    const socket = this.socket;
    socket.send('{"type":"ping"}');
    // A line that is half open says nothing: nobody else would tell us.
    this.timers.set("answer", PONG_MILLISECONDS, () => this.#lost(socket, 0));
  }

  /** To another daemon, without waiting: this one asked for it. */
  #move() {
    this.#lost(this.socket, 0);
    this.timers.clear("again");
    this.open();
  }

  #lost(socket, code) {
    if (this.socket !== socket) return;
    // Ended because of what this user does: coming back soon would only end it again.
    if (code === Close.TOO_MANY) this.backoff.tooMany();
    // Lost soon after it was welcomed, as in a rolling restart: the server is there.
    else if (this.up) this.backoff.welcomed();
    else if (code === Close.TRY_AGAIN || code === Close.RESTART) this.backoff.told();
    this.socket = null;
    this.up = false;
    this.timers.clearAll();
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    if (code === Close.MESSAGE_TOO_BIG) this.listener.onTooBig();
    this.listener.onDown();
    if (code === Close.SIGNED_OUT || code === Close.NOT_ALLOWED) {
      this.ended = true;
      this.listener.onRefused(code);
    } else if (!this.ended) {
      this.timers.set("again", this.backoff.next(), () => this.open());
    }
  }
}

/** Timers by name: setting one again replaces it. */
class Timers {
  /** @type {Map<string, number>} */
  #running = new Map();

  set(name, milliseconds, run) {
    this.clear(name);
    const timer = setTimeout(() => {
      this.#running.delete(name);
      run();
    }, milliseconds);
    this.#running.set(name, timer);
  }

  repeat(name, milliseconds, run) {
    this.set(name, milliseconds, () => {
      this.repeat(name, milliseconds, run);
      run();
    });
  }

  has(name) {
    return this.#running.has(name);
  }

  clear(name) {
    clearTimeout(this.#running.get(name));
    this.#running.delete(name);
  }

  clearAll() {
    for (const name of [...this.#running.keys()]) this.clear(name);
  }
}
