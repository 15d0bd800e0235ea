import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { People } from "../../web/static/js/people.js";
import { Presence } from "../../web/static/js/presence.js";
import { Quotes } from "../../web/static/js/quotes.js";
import { Replica } from "../../web/static/js/replica.js";
import { Typing } from "../../web/static/js/typing.js";
import { Clock } from "./clock.js";
import { RoomLog } from "./room_log.js";

const self = { id: 7, name: "anna" };
const bert = { id: 8, name: "bert" };

let clock;
let log;
let sent;
let isUp;
let pages;
let replica;
let news;

const settled = () => new Promise((resolve) => setImmediate(resolve));

function summary(about = {}) {
  const room = { id: 1, kind: "public", name: "one", member_count: 2, version: 1 };
  const last_number = log.messages.length;
  return { room, role: "member", head: log.version, last_number, last_read: last_number, marker: 1, ...about };
}

const welcome = (about) => ({ type: "welcome", user: self, epoch: 1, rooms: [summary(about)] });

beforeEach(() => {
  clock = Clock.install();
  log = new RoomLog();
  for (let number = 1; number <= 20; number += 1) log.create(bert);
  sent = [];
  isUp = true;
  pages = [];
  news = [];
  const asks = (...about) => new Promise((resolve) => pages.push({ about, resolve }));
  const api = { messages: asks, originals: asks, people: asks };
  const send = (frame) => isUp && sent.push(frame) > 0;
  replica = new Replica({ user: self, epoch: 1, rooms: [summary()], page: log.page() }, api, send, {
    quotes: new Quotes({
      find: (room, number) => replica.timelines.get(room)?.find(number),
      load: (room, numbers) => api.originals(room, numbers),
    }),
    people: new People(api),
    presence: new Presence(send, () => replica.rooms.partners()),
    typing: new Typing(self, send, () => clock.now),
  });
  replica.addEventListener("timeline", ({ detail }) => news.push(...detail.fresh.map(({ number }) => number)));
  replica.open(1);
});

afterEach(() => Clock.uninstall());

const frames = (type) => sent.filter((frame) => frame.type === type);

test("what is read is said again until a marker answers", () => {
  replica.receive(log.create(bert));
  replica.markRead(1);
  assert.deepEqual(frames("read"), [{ type: "read", room: 1, number: 21 }]);
  replica.refused({ of: "read", room: 1, temporary: true, retry_after: 2 });
  clock.tick(2000);
  assert.equal(frames("read").length, 2);
  replica.disconnected();
  replica.receive(welcome({ last_read: 20 }));
  assert.equal(frames("read").length, 3);
  replica.receive({ type: "read", room: 1, last_read: 21, marker: 2 });
  replica.disconnected();
  replica.receive(welcome({ last_read: 21, marker: 2 }));
  assert.deepEqual([frames("read").length, replica.rooms.unreadCount(1)], [3, 0]);
});

test("what is read without a connection is said when there is one", () => {
  replica.receive(log.create(bert));
  isUp = false;
  replica.markRead(1);
  assert.equal(replica.rooms.unreadCount(1), 0);
  isUp = true;
  replica.receive(welcome({ last_read: 20 }));
  assert.deepEqual([frames("read").length, replica.rooms.unreadCount(1)], [1, 0]);
});

test("what is refused for good is as it was", () => {
  replica.receive(log.create(bert));
  replica.markRead(1);
  replica.refused({ of: "read", room: 1, temporary: false });
  clock.tick(60_000);
  assert.deepEqual([frames("read").length, replica.rooms.unreadCount(1)], [1, 1]);
});

test("a room that is marked as unread is not read by being looked at, until the user comes again", () => {
  replica.markUnread(1, 15);
  replica.markRead(1);
  replica.receive({ type: "read", room: 1, last_read: 14, marker: 2 });
  replica.receive(log.create(bert));
  replica.markRead(1);
  assert.deepEqual([frames("read").length, replica.rooms.unreadCount(1)], [0, 7]);
  replica.open(1);
  replica.markRead(1);
  assert.deepEqual(frames("read"), [{ type: "read", room: 1, number: 21 }]);
});

test("who reads far above hears of what is new, and is led back to it", async () => {
  replica.toNumber(1, 5);
  pages[0].resolve(log.rows(3, 7));
  await settled();
  const timeline = replica.timelines.get(1);
  assert.deepEqual([pages[0].about, timeline.newer], [[1, { around: 5 }], true]);
  replica.receive(log.create(bert));
  assert.deepEqual([news, timeline.newest], [[21], 7]);
  replica.receive(log.edit(12));
  assert.deepEqual(news, [21]);
  replica.toNewest(1);
  assert.deepEqual(pages[1].about, [1, {}]);
  pages[1].resolve(log.page());
  await settled();
  assert.deepEqual([timeline.newest, timeline.newer], [21, false]);
});

test("a message is news once, also where it is loaded later or heard of again", async () => {
  replica.toNumber(1, 5);
  pages[0].resolve(log.rows(3, 16));
  await settled();
  replica.loadNewer(1);
  const late = log.rows(17, 20);
  replica.receive(log.create(bert)); // no part of the page that is on its way
  pages[1].resolve(late);
  await settled();
  replica.receive(log.changes(20));
  assert.deepEqual([replica.timelines.get(1).newest, news], [21, [21]]);
  replica.receive(log.create(bert));
  assert.deepEqual(news, [21, 22]);
});

test("what came while there was no connection is news", () => {
  replica.hello();
  replica.disconnected();
  const changes = log.create(bert);
  replica.receive(welcome());
  replica.receive({ ...log.changes(20), messages: [changes] });
  assert.deepEqual(news, [21]);
});

test("a change of a message of a room that was never opened is no news", () => {
  replica.rooms.put({ ...summary(), room: { id: 2, kind: "public", name: "two", member_count: 2, version: 1 } });
  replica.receive({ ...log.create(bert), room: 2 });
  replica.receive({ ...log.edit(21), room: 2 });
  assert.deepEqual(news, [21]);
});

test("a quote of a message that is not loaded is kept true by what comes, and asked for anew after a reset", async () => {
  assert.equal(replica.quotes.get(1, 3), undefined);
  clock.tick(0);
  pages[0].resolve(log.rows(3, 3));
  await settled();
  replica.receive(log.edit(3));
  assert.equal(replica.quotes.get(1, 3).body, "text 21");
  replica.receive({ type: "reset", room: 1, version: 30 });
  assert.equal(replica.quotes.get(1, 3), undefined);
});

test("who types ends with what they wrote, not with a change of what they once wrote", () => {
  replica.receive({ type: "typing", room: 1, user: bert });
  replica.receive(log.edit(3));
  assert.deepEqual(replica.typing.of(1), [bert]);
  replica.receive(log.create(bert));
  assert.deepEqual(replica.typing.of(1), []);
});

test("how far the other has read is heard of", () => {
  const room = { id: 3, kind: "direct", name: null, member_count: 2, version: 1, members: [self, bert] };
  replica.receive({ type: "joined", summary: { ...summary(), room } });
  replica.receive({ type: "seen", room: 3, user: 8, number: 20 });
  assert.equal(replica.rooms.get(3).seen, 20);
});

test("whom to watch is said on every connection, and when a direct room comes", () => {
  const room = { id: 3, kind: "direct", name: null, member_count: 2, version: 1, members: [self, bert] };
  const told = welcome();
  replica.receive(told);
  replica.receive({ type: "joined", summary: { ...summary(), room } });
  replica.disconnected();
  replica.receive({ ...told, rooms: [...told.rooms, { ...summary(), room }] });
  assert.deepEqual(frames("watch"), [8, 8].map((user) => ({ type: "watch", users: [user] })));
});
