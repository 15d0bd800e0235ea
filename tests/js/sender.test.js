import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Outbox } from "../../web/static/js/outbox.js";
import { Lock, Sender } from "../../web/static/js/sender.js";
import { MemoryStorage } from "../../web/static/js/storage.js";
import { Clock } from "./clock.js";

let clock;
let outbox;
let sender;
let frames;

afterEach(() => Clock.uninstall());

beforeEach(() => {
  clock = Clock.install();
  frames = [];
  outbox = new Outbox(7, new MemoryStorage());
  sender = new Sender({
    outbox,
    send: (frame) => frames.push(frame.id) > 0,
    address: ({ room }) => ({ room }),
    lock: new Lock("outbox", undefined),
  });
});

const write = (id, conversation = "room:1") => outbox.add({ id, conversation, room: 1, body: id });

test("nothing is sent before the connection is there", () => {
  write("a");
  assert.deepEqual(frames, []);
  sender.start();
  assert.deepEqual(frames, ["a"]);
});

test("one unanswered message a conversation, in order", () => {
  sender.start();
  for (const id of ["a", "b"]) write(id);
  write("x", "direct:2");
  assert.deepEqual(frames, ["a", "x"]);
  sender.acked({ id: "a", room: 1, version: 1 });
  assert.deepEqual(frames, ["a", "x", "b"]);
});

test("a temporary refusal is tried again with the same id before the next goes", () => {
  sender.start();
  for (const id of ["a", "b"]) write(id);
  sender.refused({ id: "a", message: "busy", temporary: true, retry_after: 2 });
  clock.tick(1999);
  assert.deepEqual(frames, ["a"]);
  clock.tick(2000);
  assert.deepEqual(frames, ["a", "a"]);
});

test("a final refusal fails the message and the next goes", () => {
  sender.start();
  for (const id of ["a", "b"]) write(id);
  sender.refused({ id: "a", message: "too long" });
  assert.deepEqual([frames, outbox.of("room:1")[0].state], [["a", "b"], "failed"]);
});

test("what was unanswered when the connection went is sent again on the next one", () => {
  sender.start();
  write("a");
  sender.stop();
  clock.tick(60_000);
  assert.deepEqual(frames, ["a"]);
  sender.start();
  assert.deepEqual(frames, ["a", "a"]);
});

test("a message that nobody answers is sent again with its id", () => {
  sender.start();
  write("a");
  clock.tick(20_000);
  assert.deepEqual(frames, ["a", "a"]);
});

test("a message that ends the connection fails instead of ending every next one", () => {
  sender.start();
  write("a");
  sender.unanswerable("too big");
  sender.stop();
  sender.start();
  assert.deepEqual([frames, outbox.of("room:1")[0].fault], [["a"], "too big"]);
});

/** Web Locks, as far as a `Lock` uses them. */
class Locks {
  holder = null;
  queue = [];

  request(_, { steal, signal }, callback) {
    return new Promise((resolve, reject) => {
      const request = { callback, resolve, reject };
      signal?.addEventListener("abort", () => {
        const waits = this.queue.indexOf(request);
        if (waits < 0) return;
        this.queue.splice(waits, 1);
        reject(new DOMException("", "AbortError"));
      });
      if (steal && this.holder) this.holder.reject(new DOMException("", "AbortError"));
      if (steal) this.#grant(request);
      else this.queue.push(request);
      this.#next();
    });
  }

  #next() {
    if (!this.holder && this.queue.length) this.#grant(this.queue.shift());
  }

  async #grant(request) {
    this.holder = request;
    await Promise.resolve();
    await request.callback();
    request.resolve();
    if (this.holder === request) this.holder = null;
    this.#next();
  }
}

test("one tab holds the lock; the next takes it when it is released, or when it is preferred", async () => {
  const locks = new Locks();
  const [one, other] = [new Lock("outbox", locks), new Lock("outbox", locks)];
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  one.take();
  other.take();
  await settled();
  assert.deepEqual([one.held, other.held], [true, false]);
  other.take({ steal: true });
  await settled();
  assert.deepEqual([one.held, other.held], [false, true]);
  other.release();
  await settled();
  assert.deepEqual([one.held, other.held], [true, false]);
});

test("a reply says what it answers, also when it is sent from the storage of an earlier page", () => {
  const storage = new MemoryStorage();
  new Outbox(7, storage).add({ id: "a", conversation: "room:1", room: 1, body: "yes", reply_to: 12 });
  const sent = [];
  sender = new Sender({
    outbox: new Outbox(7, storage),
    send: (frame) => sent.push(frame) > 0,
    address: ({ room }) => ({ room }),
    lock: new Lock("outbox", undefined),
  });
  sender.start();
  assert.deepEqual(sent, [{ type: "send", id: "a", room: 1, body: "yes", reply_to: 12 }]);
});
