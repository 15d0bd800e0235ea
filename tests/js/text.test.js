import assert from "node:assert/strict";
import { test } from "node:test";

import { conversationOf, pathOf, targetOf } from "../../web/static/js/conversations.js";
import { initials, isGrouped, lengthOf, sendable, Times } from "../../web/static/js/format.js";
import { linkify } from "../../web/static/js/linkify.js";
import { Rooms } from "../../web/static/js/rooms.js";
import { setTexts, t, tn } from "../../web/static/js/texts.js";

const links = (text) =>
  linkify(text)
    .filter((part) => part.href)
    .map((part) => part.text);

test("http and https addresses become links, nothing else does", () => {
  assert.deepEqual(links("see https://a.example/x?y=1#z and http://b.example."), [
    "https://a.example/x?y=1#z",
    "http://b.example",
  ]);
  assert.deepEqual(links("javascript:alert(1) data:text/html,x ftp://a.example http:// https://"), []);
  assert.deepEqual(links("xhttps://a.example"), []);
});

test("punctuation of the sentence stays outside of a link, brackets of the address inside", () => {
  assert.deepEqual(links("(https://a.example/b_(c)), https://a.example/d!"), [
    "https://a.example/b_(c)",
    "https://a.example/d",
  ]);
});

test("an address made of punctuation costs no more than any other text", () => {
  // Looking again from every position took minutes for this one.
  for (const tail of [".".repeat(5_000) + "a" + ".".repeat(4_000), ")".repeat(9_000), "(".repeat(4_500) + ")".repeat(4_500)]) {
    const text = `http://a.example/${tail}`;
    assert.equal(
      linkify(text)
        .map((part) => part.text)
        .join(""),
      text,
    );
  }
  assert.deepEqual(links(`http://a.example/(${")".repeat(9_000)}`), ["http://a.example/()"]);
});

test("characters that turn the direction of writing end a link", () => {
  assert.deepEqual(links("https://a.example/\u202Egnp.exe"), ["https://a.example/"]);
});

test("the parts are the text", () => {
  for (const text of [
    "",
    "plain",
    "https://a.example",
    "a https://b.example) c\nhttp://d.example,",
    "<b>https://x.example</b>",
  ]) {
    assert.equal(
      linkify(text)
        .map((part) => part.text)
        .join(""),
      text,
    );
  }
});

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
