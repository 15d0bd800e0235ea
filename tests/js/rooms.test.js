import assert from "node:assert/strict";
import { test } from "node:test";

import { Rooms } from "../../web/static/js/rooms.js";

const self = { id: 7, name: "anna" };
const bert = { id: 8, name: "Bert" };

function summary(id, { name = `room ${id}`, members = [], version = 1, ...rest } = {}) {
  const kind = members.length ? "direct" : "public";
  const room = { id, kind, name: members.length ? null : name, member_count: 2, version, members };
  return { room, role: "member", head: 5, last_number: 4, last_read: 4, marker: 1, ...rest };
}

const message = (room, number, author = bert) => ({ room, number, version: 100 + number, author });

test("unread is what came after the marker, and never below zero", () => {
  const rooms = new Rooms(self, [summary(1), summary(2, { last_read: 9 })]);
  rooms.message(message(1, 5));
  rooms.message(message(1, 6));
  assert.deepEqual([rooms.unreadCount(1), rooms.unreadCount(2), rooms.unreadCount(3), rooms.totalUnread()], [2, 0, 0, 2]);
});

test("one's own message, from any device, is read", () => {
  const rooms = new Rooms(self, [summary(1)]);
  rooms.message(message(1, 5));
  rooms.message(message(1, 6, self));
  assert.equal(rooms.unreadCount(1), 0);
});

test("the marker with the higher version wins, also where it goes back", () => {
  const rooms = new Rooms(self, [summary(1)]);
  rooms.marker({ room: 1, last_read: 2, marker: 3 });
  rooms.marker({ room: 1, last_read: 4, marker: 2 });
  assert.equal(rooms.unreadCount(1), 2);
});

test("an older summary does not take anything back", () => {
  const rooms = new Rooms(self, [summary(1, { version: 3 })]);
  rooms.message(message(1, 9));
  rooms.get(1).own.read(9);
  rooms.replace([summary(1, { version: 2, name: "old" }), summary(2)]);
  assert.deepEqual([rooms.get(1).last_number, rooms.unreadCount(1), rooms.get(1).room.name], [9, 0, "room 1"]);
  assert.ok(rooms.get(2));
});

test("after a restore nothing held counts", () => {
  const rooms = new Rooms(self, [summary(1, { last_number: 90 })]);
  rooms.replace([summary(1)], { fresh: true });
  assert.equal(rooms.get(1).last_number, 4);
});

test("rooms that are not listed any more are gone", () => {
  const rooms = new Rooms(self, [summary(1), summary(2)]);
  rooms.replace([summary(1)]);
  assert.equal(rooms.get(2), undefined);
});

test("the state of a direct room keeps its people", () => {
  const rooms = new Rooms(self, [summary(3, { members: [self, bert] })]);
  rooms.state({ id: 3, kind: "direct", name: null, member_count: 2, version: 1 });
  assert.equal(rooms.directWith(8).room.id, 3);
});

test("the list: the room of everyone first, one's own notes first, then by name", () => {
  const rooms = new Rooms(self, [
    summary(4, { name: "alpha" }),
    summary(1, { name: "general" }),
    summary(5, { name: "Beta 10" }),
    summary(6, { name: "beta 9" }),
    summary(7, { members: [self, bert] }),
    summary(8, { members: [self] }),
  ]);
  assert.deepEqual(
    rooms.listPublic().map((one) => one.room.id),
    [1, 4, 6, 5],
  );
  assert.deepEqual(
    rooms.listDirect().map((one) => rooms.peer(one.room).name),
    ["anna", "Bert"],
  );
});

test("mentions are counted as far as they are unread, one's own never", () => {
  const rooms = new Rooms(self, [summary(1, { mentions: [9], last_number: 9 })]);
  rooms.message({ ...message(1, 10), mentions: [7] });
  rooms.message({ ...message(1, 11), everyone: true });
  rooms.message({ ...message(1, 12), mentions: [8] });
  assert.deepEqual([rooms.mentionCount(1), rooms.unreadCount(1), rooms.totalCalls()], [3, 8, 3]);
  rooms.message({ ...message(1, 10), version: 200, mentions: [] });
  assert.equal(rooms.mentionCount(1), 2);
  rooms.message({ ...message(1, 13, self), everyone: true });
  assert.deepEqual([rooms.mentionCount(1), rooms.unreadCount(1)], [0, 0]);
});

test("a reaction to one's own message is no reading", () => {
  const rooms = new Rooms(self, [summary(1, { last_read: 2 })]);
  rooms.message({ ...message(1, 4, self), version: 200 });
  assert.equal(rooms.unreadCount(1), 2);
});

test("rooms that are muted do not count in all", () => {
  const rooms = new Rooms(self, [summary(1, { last_read: 1 }), summary(2, { last_read: 2, level: "muted" })]);
  assert.deepEqual([rooms.unreadCount(2), rooms.totalUnread(), rooms.level(2), rooms.level(1)], [2, 3, "muted", "all"]);
});

test("what nobody has answered is wanted from all rooms", () => {
  const rooms = new Rooms(self, [summary(1, { last_read: 1 }), summary(2)]);
  rooms.get(1).own.read(4);
  rooms.get(2).own.unread(3);
  assert.deepEqual(
    rooms.wanted().map((frame) => frame.type),
    ["read", "unread"],
  );
  assert.deepEqual([rooms.unreadCount(1), rooms.unreadCount(2), rooms.lastRead(2)], [0, 2, 2]);
});

test("the other of a direct room has seen as much as they ever did", () => {
  const rooms = new Rooms(self, [summary(3, { members: [self, bert], seen: 2 })]);
  rooms.seen({ room: 3, user: 8, number: 4 });
  rooms.seen({ room: 3, user: 8, number: 3 });
  rooms.seen({ room: 3, user: 7, number: 9 });
  assert.deepEqual([rooms.get(3).seen, rooms.partners()], [4, [8]]);
});

test("who writes in a direct room has seen what stands before", () => {
  const rooms = new Rooms(self, [summary(3, { members: [self, bert], seen: 2 }), summary(1)]);
  rooms.message(message(3, 5));
  rooms.message(message(3, 4));
  rooms.message(message(3, 6, self));
  rooms.message(message(1, 5));
  assert.deepEqual([rooms.get(3).seen, rooms.get(1).seen], [5, 0]);
});
