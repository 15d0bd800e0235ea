import assert from "node:assert/strict";
import { test } from "node:test";

import { OwnState } from "../../web/static/js/own-state.js";

const stateAt = (last_read, about = {}) => new OwnState({ room: 1, last_read, marker: 5, ...about });
const marker = (last_read, version, about = {}) => ({ room: 1, last_read, marker: version, ...about });

test("what is read is shown at once, and wanted until a marker answers", () => {
  const own = stateAt(3);
  assert.deepEqual(own.read(7), { type: "read", room: 1, number: 7 });
  assert.equal(own.lastRead, 7);
  own.take(marker(4, 6)); // of another device, a little earlier
  assert.deepEqual([own.lastRead, own.wanted?.number], [7, 7]);
  own.take(marker(7, 7));
  assert.deepEqual([own.lastRead, own.wanted], [7, null]);
});

test("what is read already is no news", () => {
  const own = stateAt(3);
  assert.equal(own.read(3), null);
  own.read(7);
  assert.equal(own.read(6), null);
});

test("a marker that says no other than before answers too", () => {
  const own = stateAt(3);
  own.read(7);
  own.take(marker(9, 5));
  assert.equal(own.wanted, null);
});

test("marked as unread, it stays so whatever is seen, until the user comes again", () => {
  const own = stateAt(9);
  assert.deepEqual(own.unread(4), { type: "unread", room: 1, number: 4 });
  assert.deepEqual([own.lastRead, own.isKept], [3, true]);
  own.take(marker(9, 5)); // crossed with it
  assert.deepEqual([own.lastRead, own.wanted?.type], [3, "unread"]);
  own.take(marker(3, 6));
  assert.deepEqual([own.lastRead, own.wanted, own.isKept], [3, null, true]);
});

test("marked as unread on another device, it stays so here", () => {
  const own = stateAt(9);
  own.take(marker(3, 6));
  assert.deepEqual([own.lastRead, own.isKept], [3, true]);
});

test("read on, on another device, it is not kept", () => {
  const own = stateAt(3);
  own.take(marker(9, 6));
  assert.deepEqual([own.lastRead, own.isKept], [9, false]);
});

test("who writes has read what stands before, also where a marker crosses with it", () => {
  const own = stateAt(9);
  own.unread(4);
  own.wrote(12);
  assert.deepEqual([own.lastRead, own.isKept, own.wanted], [12, false, null]);
  own.take(marker(11, 6)); // of a `read` just before
  assert.deepEqual([own.lastRead, own.isKept], [12, false]);
  own.take(marker(2, 8));
  assert.deepEqual([own.lastRead, own.isKept], [2, true]);
});

test("an older marker counts nothing", () => {
  const own = stateAt(9, { level: "muted", mentions: [11] });
  own.take(marker(2, 4, { level: "all" }));
  assert.deepEqual([own.lastRead, own.level, [...own.mentions]], [9, "muted", [11]]);
});

test("what is refused for good is as it was before", () => {
  const own = stateAt(3);
  own.read(7);
  own.refused();
  assert.equal(own.lastRead, 3);
});

test("mentions are those listed and those heard of, above what is read", () => {
  const own = stateAt(3, { mentions: [4, 6] });
  own.message({ number: 8, version: 20 }, true);
  own.message({ number: 6, version: 21 }, false); // edited: it mentions nobody now
  own.message({ number: 2, version: 22 }, true);
  assert.deepEqual([...own.mentions].sort(), [4, 8]);
  own.read(4);
  assert.deepEqual([...own.mentions], [8]);
});

test("what a message says now wins over older news of it and over a marker that was on its way", () => {
  const own = stateAt(3);
  own.message({ number: 8, version: 21 }, false);
  own.message({ number: 8, version: 20 }, true);
  own.take(marker(3, 6, { mentions: [8] }));
  assert.equal(own.mentions.size, 0);
  own.take(marker(3, 7, { mentions: [8] }), { whole: true });
  assert.deepEqual([...own.mentions], [8], "a new connection tells how it is now");
});

test("very many messages are remembered as what they say of the user, not one by one", () => {
  const own = stateAt(0, { mentions: [1] });
  for (let number = 1; number <= 500; number += 1) own.message({ number, version: number }, number % 50 === 0);
  assert.ok(own.heard.size <= 100);
  assert.equal(own.mentions.size, 10);
});
