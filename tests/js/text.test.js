import assert from "node:assert/strict";
import { test } from "node:test";

import { conversationOf, numberOf, pathOf, targetOf } from "../../web/static/js/conversations.js";
import { initials, isGrouped, lengthOf, sendable, Times } from "../../web/static/js/format.js";
import { Rooms } from "../../web/static/js/rooms.js";
import { setTexts, t, tn } from "../../web/static/js/texts.js";

test("what is sent has no control characters, halves of characters, or empty lines around it", () => {
  assert.equal(sendable("\n  \r\na\u0000b\tc\r\nd\ud800 \u{1F600}\n\n "), "a\u0062\tc\nd \u{1F600}");
  assert.equal(sendable(" \n "), "");
  assert.equal(sendable("    indented"), "    indented");
});

test("lengths count code points", () => {
  assert.equal(lengthOf("a\u{1F600}é"), 3);
});

test("messages of one author within five minutes of one day stand together", () => {
  const at = new Date(2026, 1, 3, 12).getTime();
  const by = (id, later) => ({ author: { id }, at: at + later });
  assert.equal(isGrouped(by(1, 0), by(1, 299_000)), true);
  assert.equal(isGrouped(by(1, 0), by(1, 301_000)), false);
  assert.equal(isGrouped(by(1, 0), by(2, 1)), false);
  assert.equal(isGrouped(undefined, by(2, 1)), false);
  const midnight = new Date(2026, 1, 4).getTime() - at;
  assert.equal(isGrouped(by(1, midnight - 1), by(1, midnight)), false);
});

test("days are named by the calendar", () => {
  const times = new Times("en");
  const now = new Date(2026, 2, 30, 0, 30).getTime();
  assert.equal(times.day(now, now), "Today");
  assert.equal(times.day(now - 3_600_000, now), "Yesterday");
  assert.equal(times.day(new Date(2026, 2, 3).getTime(), now), "Tuesday, March 3");
  assert.equal(times.day(new Date(2024, 2, 3).getTime(), now), "March 3, 2024");
});

test("initials", () => {
  assert.deepEqual(["anna", "Anna_Bell", "_x_", "general"].map(initials), ["AN", "AB", "X", "GE"]);
});

test("texts are translated, and placeholders filled once", () => {
  setTexts({ "Hello {name}": "Hallo {name}" });
  assert.equal(t("Hello {name}", { name: "{name} $&" }), "Hallo {name} $&");
  assert.equal(tn("{count} member", "{count} members", 1), "1 member");
  assert.equal(t("{other}"), "{other}");
  setTexts({});
});

test("every conversation has an address of its own", () => {
  assert.deepEqual(targetOf("/rooms/12"), { room: 12 });
  assert.equal(numberOf("#41"), 41);
  for (const hash of ["", "#", "#list", "#0", "#-1", "#1e3", "#99999999999999999999"]) assert.equal(numberOf(hash), null);
  assert.deepEqual(targetOf("/direct/Bert_1"), { direct: "Bert_1" });
  for (const path of ["/", "/rooms/x", "/rooms/1/2", "/direct/"]) assert.equal(targetOf(path), null);
  const self = { id: 7, name: "anna" };
  const rooms = new Rooms(self, [
    { room: { id: 2, kind: "direct", version: 1, members: [self, { id: 8, name: "Bert" }] }, head: 1 },
    { room: { id: 3, kind: "public", name: "x", version: 1 }, head: 1 },
  ]);
  assert.deepEqual(
    [2, 3].map((id) => pathOf(conversationOf(rooms.get(id), rooms))),
    ["/direct/Bert", "/rooms/3"],
  );
});
