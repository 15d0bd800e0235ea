/**
 * Commands of which somebody awaits the outcome: edit, delete and react. Each has an id of its own and is
 * sent again with it on the next connection, until it is answered.
 */

import { newId } from "./ids.js";

/** The daemon refused a command for good; the message says why. */
export class Refused extends Error {}

export class Commands {
  /** @param {(message: object) => boolean} send */
  constructor(send) {
    this.send = send;
    /**
     * @type {Map<string, {command: object, resolve: (ack: object) => void, reject: (fault: Error) => void}>}
     */
    this.open = new Map();
  }

  /** @param {object} command  without its id @returns {Promise<object>} the ack; rejects with `Refused` */
  run(command) {
    const id = newId();
    return new Promise((resolve, reject) => {
      this.open.set(id, { command: { ...command, id }, resolve, reject });
      this.send({ ...command, id });
    });
  }

  /** There is a new connection. */
  resend() {
    for (const { command } of this.open.values()) this.send(command);
  }

  /** @param {{id: string}} ack */
  acked(ack) {
    this.open.get(ack.id)?.resolve(ack);
    this.open.delete(ack.id);
  }

  /** @param {{id: string, message: string, temporary?: boolean, retry_after?: number|null}} error */
  refused(error) {
    const open = this.open.get(error.id);
    if (!open) return;
    if (error.temporary) {
      setTimeout(() => this.open.has(error.id) && this.send(open.command), (error.retry_after || 1) * 1000);
      return;
    }
    this.open.delete(error.id);
    open.reject(new Refused(error.message));
  }
}
