import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { History } from "../../web/static/js/history.js";
import { Timeline } from "../../web/static/js/timeline.js";
import { Clock } from "./clock.js";

let clock;
let calls;
let told;
let history;
let timeline;

afterEach(() => Clock.uninstall());

beforeEach(() => {
  clock = Clock.install();
  calls = [];
  told = [];
  const messages = (room, where) =>
    new Promise((resolve, reject) => calls.push({ room, where, resolve, reject }));
  history = new History(
    { messages },
    {
      onPage: (room, page) => told.push(page),
      onState: () => {},
      onGone: (room) => told.push(`gone ${room}`),
    },
  );
  timeline = new Timeline(1);
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a page that can not be had is tried again by itself", async () => {
  history.loadNewest(timeline);
  history.loadNewest(timeline);
  calls[0].reject({ status: 503, retryAfter: 5 });
  await settled();
  assert.equal(history.state(1, "first"), "failed");
  clock.tick(5000);
  assert.equal(history.state(1, "first"), "loading");
  calls[1].resolve("page");
  await settled();
  assert.deepEqual([told, calls.length, history.state(1, "first")], [["page"], 2, "idle"]);
});

test("retry does not wait", async () => {
  history.loadNewest(timeline);
  calls[0].reject({ status: 0 });
  await settled();
  history.retry();
  assert.equal(calls.length, 2);
});

test("older pages go on from the oldest row, to the beginning", () => {
  history.loadOlder(timeline);
  timeline.page({ room: { id: 1 }, version: 9, messages: [{ number: 5, version: 5 }], more: true }, 0);
  history.loadOlder(timeline);
  assert.deepEqual(
    calls.map((call) => call.where),
    [{ before: 5 }],
  );
  timeline.more = false;
  history.forget(1);
  history.loadOlder(timeline);
  assert.equal(calls.length, 1);
});

test("a timeline may begin anywhere, and newer pages go on from the newest row", () => {
  history.loadAround(timeline, 40);
  timeline.page({ room: { id: 1 }, version: 9, messages: [{ number: 40, version: 5 }], more: true, newer: true }, 0);
  history.loadNewer(timeline);
  history.loadNewer(timeline);
  assert.deepEqual(
    calls.map((call) => call.where),
    [{ around: 40 }, { after: 40 }],
  );
  assert.equal(history.state(1, "newer"), "loading");
});

test("a room that is not there is told and not asked for again", async () => {
  history.loadNewest(timeline);
  calls[0].reject({ status: 404 });
  await settled();
  clock.tick(60_000);
  assert.deepEqual([told, calls.length], [["gone 1"], 1]);
});

test("after a reset the page is asked for anew, and the old answer counts no more", async () => {
  history.loadNewest(timeline);
  timeline.reset(3);
  history.loadNewest(timeline);
  calls[0].resolve("old");
  calls[1].resolve("new");
  await settled();
  assert.deepEqual(told, ["new"]);
});
