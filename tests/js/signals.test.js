import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { watchActivity } from "../../web/static/js/activity.js";
import { Presence } from "../../web/static/js/presence.js";
import { Typing } from "../../web/static/js/typing.js";
import { Clock } from "./clock.js";

const self = { id: 7, name: "anna" };
const bert = { id: 8, name: "bert" };
const cora = { id: 9, name: "cora" };

let clock;
let sent;
let isUp;
const send = (frame) => isUp && sent.push(frame) > 0;

beforeEach(() => {
  clock = Clock.install();
  sent = [];
  isUp = true;
});

afterEach(() => Clock.uninstall());

test("somebody who types is forgotten after six seconds, or when what they wrote is there", () => {
  const typing = new Typing(self, send);
  const changes = [];
  typing.addEventListener("change", (event) => changes.push(event.detail.room));
  typing.receive({ room: 1, user: bert });
  typing.receive({ room: 1, user: cora });
  typing.receive({ room: 1, user: self });
  assert.deepEqual(typing.of(1), [bert, cora]);
  clock.tick(4000);
  typing.receive({ room: 1, user: bert });
  clock.tick(4000);
  assert.deepEqual([typing.of(1), typing.of(2)], [[bert], []]);
  typing.message({ room: 1, author: bert });
  assert.deepEqual([typing.of(1), changes], [[], [1, 1, 1, 1]]);
});

test("nobody types where there is no connection", () => {
  const typing = new Typing(self, send);
  typing.receive({ room: 1, user: bert });
  typing.receive({ room: 2, user: cora });
  typing.forget(1);
  assert.deepEqual([typing.of(1), typing.of(2)], [[], [cora]]);
  typing.forget();
  assert.deepEqual(typing.of(2), []);
});

test("that one types is said every three seconds while keys come, and not of an empty text", () => {
  const typing = new Typing(self, send, () => clock.now);
  typing.typed(1, " ");
  typing.typed(null, "to somebody new");
  typing.typed(1, "a");
  clock.tick(2999);
  typing.typed(1, "ab");
  assert.equal(sent.length, 1);
  clock.tick(1);
  typing.typed(1, "abc");
  typing.typed(2, "elsewhere");
  assert.deepEqual(sent, [1, 1, 2].map((room) => ({ type: "typing", room })));
  typing.sent();
  typing.typed(2, "the next message");
  assert.equal(sent.length, 4);
});

test("what could not be said is said with the next key", () => {
  const typing = new Typing(self, send, () => clock.now);
  isUp = false;
  typing.typed(1, "a");
  isUp = true;
  typing.typed(1, "ab");
  assert.equal(sent.length, 1);
});

test("people of direct rooms are watched, and those whom a view shows while it does", () => {
  let partners = [8];
  const presence = new Presence(send, () => partners);
  presence.connected();
  presence.show("members", [9, 8, 10]);
  presence.watch();
  partners = [8, 11];
  presence.watch();
  presence.show("members", []);
  assert.deepEqual(
    sent.map((frame) => frame.users),
    [[8], [8, 9, 10], [8, 9, 10, 11], [8, 11]],
  );
});

test("a new connection is told whom to watch, and that nobody is there", () => {
  const presence = new Presence(send, () => [8]);
  isUp = false;
  presence.is("away");
  isUp = true;
  presence.connected();
  presence.disconnected();
  presence.connected();
  const told = [{ type: "watch", users: [8] }, { type: "presence", state: "away" }];
  assert.deepEqual(sent, [...told, ...told]);
});

test("states are known while there is a connection and somebody looks", () => {
  const presence = new Presence(send, () => [8]);
  presence.connected();
  presence.show("members", [9]);
  presence.receive({ states: { 8: "online", 9: "away" } });
  assert.deepEqual([presence.of(8), presence.of(9), presence.of(10)], ["online", "away", undefined]);
  presence.show("members", []);
  assert.equal(presence.of(9), undefined);
  presence.disconnected();
  assert.equal(presence.of(8), undefined);
});

test("no more people are watched than the daemon takes", () => {
  const many = Array.from({ length: 300 }, (_, index) => index + 1);
  new Presence(send, () => many).connected();
  assert.equal(sent[0].users.length, 200);
});

test("who does nothing for five minutes is away until the next key, touch or look", () => {
  const page = { window: new EventTarget(), document: new EventTarget() };
  page.document.visibilityState = "hidden";
  const told = [];
  watchActivity((state) => told.push(state), page);
  clock.tick(5 * 60_000 - 1);
  page.window.dispatchEvent(new Event("keydown"));
  clock.tick(5 * 60_000 - 1);
  assert.ok(!told.includes("away"));
  clock.tick(1);
  assert.equal(told.at(-1), "away");
  page.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(told.at(-1), "away");
  page.document.visibilityState = "visible";
  page.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(told.at(-1), "online");
});
