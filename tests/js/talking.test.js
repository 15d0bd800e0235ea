import assert from "node:assert/strict";
import { test } from "node:test";

import { mentionQuery, peopleMatches } from "../../web/static/js/completion.js";
import { groupsOf, namesOf, searched } from "../../web/static/js/emoji.js";
import { Favourites } from "../../web/static/js/favourites.js";
import { callsUser, mentionOf } from "../../web/static/js/mentions.js";
import { Reactions } from "../../web/static/js/reactions.js";
import list from "../../web/static/vendor/emoji.js";

const SELF = 1;

/** Commands wait here until the test answers them. */
function bench() {
  const asked = [];
  const run = (command) =>
    new Promise((resolve, reject) =>
      asked.push({
        on: command.on,
        emoji: command.emoji,
        ack: (version) => answered(resolve, { version }),
        refuse: () => answered(reject, new Error("no")),
      }),
    );
  const answered = async (settle, value) => {
    settle(value);
    await new Promise(setImmediate);
  };
  return { reactions: new Reactions(SELF, run), asked };
}
const message = (version, reactions = []) => ({ room: 1, number: 7, version, reactions });

test("a reaction shows at once, and stays until the log shows it", async () => {
  const { reactions, asked } = bench();
  const before = message(3, [{ emoji: "🎉", users: [2] }]);
  reactions.toggle(before, "🎉");
  assert.deepEqual(reactions.of(before), [{ emoji: "🎉", users: [2, SELF] }]);
  await asked[0].ack(4);
  assert.deepEqual(reactions.of(before), [{ emoji: "🎉", users: [2, SELF] }]);
  const after = message(5, [{ emoji: "🎉", users: [3] }]);
  assert.deepEqual(reactions.of(after), after.reactions, "what the log says counts once it is there");
  assert.equal(reactions.wishes.size, 0);
});

test("what is refused goes again, and is told", async () => {
  const { reactions, asked } = bench();
  const told = [];
  reactions.addEventListener("refused", ({ detail }) => told.push(detail));
  reactions.toggle(message(3), "👀");
  await asked[0].refuse();
  assert.deepEqual(reactions.of(message(3)), []);
  assert.deepEqual(told, ["no"]);
});

test("whoever changes their mind is asked for once more, after the answer", async () => {
  const { reactions, asked } = bench();
  const held = message(3);
  for (let times = 0; times < 2; times += 1) reactions.toggle(held, "👍");
  assert.deepEqual(reactions.of(held), []);
  assert.equal(asked.length, 1);
  await asked[0].ack(4);
  assert.deepEqual(asked.map(({ on }) => on), [true, false]);
  assert.deepEqual(reactions.of(message(4, [{ emoji: "👍", users: [SELF] }])), []);
  await asked[1].ack(5);
  assert.deepEqual(reactions.of(message(5)), []);
});

test("two emoji do not wait for each other; a deleted message has none", () => {
  const { reactions, asked } = bench();
  reactions.toggle(message(3), "👍");
  reactions.toggle(message(3), "👎");
  assert.equal(asked.length, 2);
  assert.deepEqual(reactions.of({ ...message(4), deleted: true }), []);
});

test("every emoji is in one group, once", () => {
  const groups = groupsOf(list);
  const all = groups.flatMap(({ emoji }) => emoji.map(({ character }) => character));
  assert.equal(groups.length, 9);
  assert.equal(all.length, new Set(Object.values(list)).size);
  assert.equal(new Set(all).size, all.length);
  const group = (character) => groups.find(({ emoji }) => emoji.some((one) => one.character === character)).title;
  assert.deepEqual(["😀", "👍", "🐙", "🍕", "🚢", "🎉", "💯", "✅", "🇩🇪"].map(group), [
    "Smileys", "People", "Animals and nature", "Food and drink", "Travel and places", "Activities", "Symbols", "Symbols", "Flags",
  ]);
});

test("an emoji is found by words, and has a name to be said", () => {
  assert.equal(searched(list, ":Tada:")[0].character, "🎉");
  assert.equal(searched(list, "heart eyes")[0].character, "😍");
  assert.deepEqual(searched(list, " "), []);
  assert.equal(namesOf(list).get("👍"), "thumbs up");
  assert.equal(namesOf(list).get("😍"), "heart eyes");
});

test("what is taken often is offered first, and fades", () => {
  const held = new Map();
  const storage = { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => held.set(key, value) };
  const favourites = new Favourites(1, storage);
  assert.deepEqual(favourites.best(), ["👍", "❤️", "😂", "🎉", "👀", "✅"]);
  favourites.took("🚢");
  favourites.took("🚢");
  favourites.took("🐙");
  assert.deepEqual(favourites.best(3), ["🚢", "🐙", "👍"]);
  for (let times = 0; times < 8; times += 1) favourites.took("🐙");
  assert.deepEqual(new Favourites(1, storage).best(2), ["🐙", "🚢"]);
  held.set("parley:emoji:1", "{broken");
  assert.equal(favourites.best()[0], "👍");
});

test("an @ asks for people, in addresses it does not", () => {
  assert.deepEqual(mentionQuery("hi @An", 6), { start: 3, query: "an" });
  assert.deepEqual(mentionQuery("@", 1), { start: 0, query: "" });
  for (const text of ["a@b", "https://x/@b", "@@b", "\\@b", "@a b"]) assert.equal(mentionQuery(text, text.length), null, text);
});

test("who wrote last is offered first, each once", () => {
  const [anna, bert, berta] = ["Anna", "bert", "Berta"].map((name, id) => ({ id, name }));
  assert.deepEqual(peopleMatches([berta, anna], [anna, bert, berta], "be"), [berta, bert]);
  assert.deepEqual(peopleMatches([berta], [anna, bert], ""), [berta, anna, bert]);
  assert.deepEqual(peopleMatches([berta], [anna, bert], "bert"), [bert, berta], "who is named to the end is meant");
});

test("a name stands out where the server says that it calls somebody", () => {
  const self = { id: SELF, name: "Anna" };
  const nameOf = (id) => ({ 2: "Bert" })[id];
  const of = (name, about) => mentionOf(name, about, self, nameOf);
  assert.equal(of("anna", { mentions: [2, SELF] }), "me");
  assert.equal(of("bert", { mentions: [2, 3] }), "other");
  assert.equal(of("carl", { mentions: [2, 3] }), null);
  assert.deepEqual([of("room", {}), of("room", { everyone: true })], [null, "me"]);
  const call = (author, about) => callsUser({ author: { id: author }, ...about }, self);
  assert.deepEqual([call(2, { mentions: [SELF] }), call(2, { everyone: true }), call(2, { mentions: [3] })], [true, true, false]);
  assert.equal(call(SELF, { everyone: true }), false, "nobody is called by their own words");
});
