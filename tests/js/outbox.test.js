import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../web/static/js/outbox.js";
import { MemoryStorage } from "../../web/static/js/storage.js";

const message = (id, conversation = "room:1") => ({ id, conversation, room: 1, body: `body ${id}` });
const ids = (entries) => entries.map((entry) => entry.id);

test("what is written survives a reload, in its order", () => {
  const storage = new MemoryStorage();
  const outbox = new Outbox(7, storage);
  for (const id of ["c", "a", "b"]) outbox.add(message(id));
  assert.deepEqual(ids(new Outbox(7, storage).of("room:1")), ["c", "a", "b"]);
});

test("another user on the same browser neither sees nor sends it", () => {
  const storage = new MemoryStorage();
  new Outbox(7, storage).add(message("a"));
  const other = new Outbox(70, storage);
  assert.deepEqual([other.of("room:1"), other.next()], [[], []]);
});

test("each conversation offers its first pending message", () => {
  const outbox = new Outbox(7, new MemoryStorage());
  outbox.add(message("a"));
  outbox.add(message("b"));
  outbox.add(message("x", "direct:2"));
  assert.deepEqual(ids(outbox.next()), ["a", "x"]);
  outbox.sent("a", 1, 5);
  assert.deepEqual(ids(outbox.next()), ["b", "x"]);
});

test("a failed one waits for the user and then goes to the end", () => {
  const outbox = new Outbox(7, new MemoryStorage());
  outbox.add(message("a"));
  outbox.add(message("b"));
  outbox.failed("a", "too long");
  assert.deepEqual([ids(outbox.next()), outbox.of("room:1")[0].fault], [["b"], "too long"]);
  outbox.retry("a");
  assert.deepEqual(ids(outbox.of("room:1")), ["b", "a"]);
  outbox.remove("a");
  assert.deepEqual(ids(outbox.of("room:1")), ["b"]);
});

test("what was sent is forgotten when the log shows it, and by the next page at the latest", () => {
  const storage = new MemoryStorage();
  const outbox = new Outbox(7, storage);
  outbox.add(message("a"));
  outbox.sent("a", 1, 9);
  outbox.settle((entry) => entry.version <= 8);
  assert.equal(outbox.of("room:1").length, 1);
  assert.equal(new Outbox(7, storage).of("room:1").length, 0);
  assert.equal(storage.length, 0);
});

test("what another tab wrote is taken over", () => {
  const storage = new MemoryStorage();
  const one = new Outbox(7, storage);
  const other = new Outbox(7, storage);
  one.add(message("a"));
  const key = storage.key(0);
  let told = 0;
  other.addEventListener("change", () => (told += 1));
  other.storageChanged({ key, newValue: storage.getItem(key) });
  assert.deepEqual([ids(other.next()), told], [["a"], 1]);
  other.storageChanged({ key, newValue: null });
  other.storageChanged({ key: "something else", newValue: "1" });
  assert.deepEqual([other.next(), told], [[], 2]);
});

test("what is no entry is not read", () => {
  const storage = new MemoryStorage();
  for (const text of ["", "null", "[]", '{"id":"a"}', "{"]) storage.setItem(`parley:outbox:7:${text}`, text);
  assert.deepEqual(new Outbox(7, storage).next(), []);
});

test("a full storage does not keep one from sending", () => {
  const storage = new MemoryStorage();
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  const outbox = new Outbox(7, storage);
  outbox.add(message("a"));
  assert.deepEqual(ids(outbox.next()), ["a"]);
});
