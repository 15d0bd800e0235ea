import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { People } from "../../web/static/js/people.js";
import { Quotes } from "../../web/static/js/quotes.js";
import { Clock } from "./clock.js";

let clock;
let calls;
let rows;
let quotes;
let changes;

const settled = () => new Promise((resolve) => setImmediate(resolve));
const original = (number, version = number, body = `text ${number}`) => ({ room: 1, number, version, body });
const asks = (...about) => new Promise((resolve, reject) => calls.push({ about, resolve, reject }));

beforeEach(() => {
  clock = Clock.install();
  calls = [];
  rows = new Map();
  changes = 0;
  quotes = new Quotes({ find: (_, number) => rows.get(number), load: asks });
  quotes.addEventListener("change", () => (changes += 1));
});

afterEach(() => Clock.uninstall());

test("originals that are not loaded are asked for in one request, once", async () => {
  rows.set(9, original(9));
  assert.equal(quotes.get(1, 9).body, "text 9");
  for (const number of [3, 7, 3]) assert.equal(quotes.get(1, number), undefined);
  clock.tick(0);
  assert.deepEqual(calls[0].about, [1, [3, 7]]);
  calls[0].resolve({ messages: [original(3)] });
  await settled();
  assert.equal(quotes.get(1, 3).body, "text 3");
  assert.equal(quotes.get(1, 7), null, "there is none");
  clock.tick(60_000);
  assert.deepEqual([calls.length, changes > 0], [1, true]);
});

test("a change that comes while the answer is on its way wins", async () => {
  quotes.get(1, 3);
  clock.tick(0);
  quotes.message(original(3, 20, "edited"));
  calls[0].resolve({ messages: [original(3, 10)] });
  await settled();
  assert.equal(quotes.get(1, 3).body, "edited");
});

test("edits and deletions reach the quote; what nobody quotes is not kept", async () => {
  quotes.get(1, 3);
  clock.tick(0);
  calls[0].resolve({ messages: [original(3, 10)] });
  await settled();
  quotes.message({ ...original(3, 11, ""), deleted: true });
  quotes.message(original(3, 5, "late"));
  quotes.message(original(4));
  assert.equal(quotes.get(1, 3).deleted, true);
  assert.equal(quotes.rooms.get(1).held.size, 1);
});

test("after a reset they are asked for anew, and the old answer counts no more", async () => {
  quotes.get(1, 3);
  clock.tick(0);
  quotes.forget(1);
  calls[0].resolve({ messages: [original(3)] });
  await settled();
  assert.equal(quotes.get(1, 3), undefined);
  clock.tick(0);
  calls[1].resolve({ messages: [original(3, 30, "now")] });
  await settled();
  assert.equal(quotes.get(1, 3).body, "now");
});

test("what can not be had is asked for again, at once where the server is back", async () => {
  quotes.get(1, 3);
  clock.tick(0);
  calls[0].reject({ status: 503, retryAfter: 5 });
  await settled();
  quotes.get(1, 4);
  clock.tick(4999);
  assert.equal(calls.length, 1);
  clock.tick(1);
  assert.deepEqual(calls[1].about[1], [3, 4]);
  calls[1].reject({ status: 0 });
  await settled();
  quotes.retry();
  clock.tick(0);
  assert.equal(calls.length, 3);
});

test("many are asked for in as many requests as it takes", async () => {
  for (let number = 1; number <= 60; number += 1) quotes.get(1, number);
  clock.tick(0);
  assert.equal(calls[0].about[1].length, 50);
  calls[0].resolve({ messages: [] });
  await settled();
  clock.tick(0);
  assert.equal(calls[1].about[1].length, 10);
});

test("names are learned by the way, and those who are not known are asked for together", async () => {
  const people = new People({ people: asks });
  people.learn([{ id: 7, name: "anna" }]);
  assert.equal(people.name(7), "anna");
  for (const id of [8, 9, 10]) assert.equal(people.name(id), undefined);
  people.learn([{ id: 10, name: "dora" }]);
  clock.tick(0);
  assert.deepEqual(calls[0].about, [[8, 9]]);
  calls[0].resolve([{ id: 8, name: "bert" }]);
  await settled();
  assert.deepEqual([people.name(8), people.name(9), people.name(10)], ["bert", null, "dora"]);
  clock.tick(60_000);
  assert.equal(calls.length, 1);
});
