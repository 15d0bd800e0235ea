import assert from "node:assert/strict";
import { test } from "node:test";

import { emojiMatches, emojiQuery } from "../../web/static/js/completion.js";
import { chordOf } from "../../web/static/js/keys.js";
import { parse } from "../../web/static/js/markdown.js";
import { fit, matching } from "../../web/static/js/match.js";
import { noticeOf } from "../../web/static/js/notices.js";
import { isLongPaste, withFence } from "../../web/static/js/paste.js";
import emoji from "../../web/static/vendor/emoji.js";

test("a colon and two letters ask for an emoji, in words and times they do not", () => {
  assert.deepEqual(emojiQuery("hello :ta", 9), { start: 6, query: "ta", isWhole: false });
  assert.deepEqual(emojiQuery(":TADA: x", 6), { start: 0, query: "tada", isWhole: true });
  for (const text of ["12:30", ":t", "a:ta", "::", "https://x", ": ta"]) assert.equal(emojiQuery(text, text.length), null);
});

test("the name itself comes first, then what begins so", () => {
  assert.deepEqual(emojiMatches(emoji, "tada")[0], { name: "tada", character: "🎉" });
  assert.equal(emojiMatches(emoji, "heart")[0].name, "heart");
  assert.equal(emojiMatches(emoji, "+1")[0].character, "👍");
  assert.deepEqual(emojiMatches(emoji, "nothing_like_it"), []);
  const characters = emojiMatches(emoji, "smil").map(({ character }) => character);
  assert.equal(new Set(characters).size, characters.length);
});

test("a conversation is found by its beginning, by a word, or by letters in order", () => {
  const names = ["general", "design general", "Regen", "anna", "g-e-n"].map((name) => ({ name }));
  assert.deepEqual(
    matching(names, "gen", 9).map(({ name }) => name),
    ["general", "design general", "Regen", "g-e-n"],
  );
  assert.equal(fit("Zoë", "ZOË"), 0);
  assert.equal(fit("x", ""), 0);
  assert.equal(matching(names, "", 2).length, 2);
});

test("long texts are offered as a block, what has a fence is not", () => {
  assert.equal(isLongPaste("a\n".repeat(8)), true);
  assert.equal(isLongPaste("a ".repeat(2000)), false, "one long line is prose");
  assert.equal(isLongPaste("a\nb"), false);
  assert.equal(isLongPaste("```\n" + "a\n".repeat(9) + "```"), false);
});

test("a block keeps its text, whatever it contains and stands in", () => {
  const pasted = "  x\n```js\n````\ny";
  const text = withFence(`see ${pasted} and`, 4, 4 + pasted.length);
  assert.deepEqual(
    parse(text).map(({ type }) => type),
    ["paragraph", "fence", "paragraph"],
  );
  assert.equal(parse(text)[1].text, pasted);
});

test("the level of a room decides which messages call the user", () => {
  const [anna, carl] = [
    { id: 1, name: "anna" },
    { id: 3, name: "carl" },
  ];
  const message = { author: { id: 2, name: "bert" }, body: "**hi** @anna", mentions: [1] };
  const room = (level, kind = "public") => ({ room: { kind, name: "x" }, own: { level } });
  assert.deepEqual(noticeOf(message, room("mentions"), anna), { title: "bert in x", body: "hi @anna" });
  assert.equal(noticeOf(message, room("mentions"), carl), null);
  assert.equal(noticeOf({ ...message, everyone: true }, room("mentions"), carl).body, "hi @anna");
  assert.equal(noticeOf(message, room("all"), carl).body, "hi @anna");
  assert.equal(noticeOf(message, room("muted"), anna), null);
  assert.deepEqual(noticeOf(message, room("all", "direct"), carl), { title: "bert", body: "hi @anna" });
  assert.deepEqual(noticeOf(message, room("mentions", "direct"), carl), { title: "bert", body: "hi @anna" });
  assert.equal(noticeOf(message, room("muted", "direct"), carl), null);
});

test("a long call is cut between characters", () => {
  const message = { author: { id: 2, name: "bert" }, body: "😀".repeat(300) };
  const direct = { room: { kind: "direct" }, own: { level: "all" } };
  assert.equal(noticeOf(message, direct, { id: 1, name: "c" }).body, `${"😀".repeat(199)}…`);
});

test("keys in short", () => {
  const press = (key, held = {}) => chordOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });
  assert.equal(press("K", { ctrlKey: true, shiftKey: true }), "Mod+k");
  assert.equal(press("k", { metaKey: true }), "Mod+k");
  assert.equal(press("?", { shiftKey: true }), "?");
  assert.equal(press("ArrowUp", { altKey: true, shiftKey: true }), "Alt+Shift+ArrowUp");
});
