import assert from "node:assert/strict";
import { test } from "node:test";

import { Timeline } from "../../web/static/js/timeline.js";
import { seeded } from "./random.js";
import { RoomLog } from "./room_log.js";

function loaded(log, size) {
  const timeline = new Timeline(1);
  timeline.page(log.page(undefined, size), 0);
  return timeline;
}

function logOf(count) {
  const log = new RoomLog();
  for (let index = 0; index < count; index += 1) log.create();
  return log;
}

test("the next change is applied and is fresh", () => {
  const log = logOf(2);
  const timeline = loaded(log);
  const todo = timeline.change(3, log.create());
  assert.deepEqual([timeline.cursor, timeline.rows.length, todo.sync], [3, 3, undefined]);
  assert.deepEqual(
    todo.fresh.map((message) => message.number),
    [3],
  );
});

test("a change that was seen is dropped", () => {
  const log = logOf(2);
  const timeline = loaded(log);
  assert.equal(timeline.change(2, { ...log.messages[1], body: "other" }).changed, false);
  assert.equal(timeline.rows[1].body, "text 2");
});

test("a gap asks once for what lies after the cursor", () => {
  const log = logOf(2);
  const timeline = loaded(log);
  log.create();
  assert.equal(timeline.change(4, log.create()).sync, 2);
  assert.equal(timeline.change(5, log.create()).sync, undefined);
  const todo = timeline.changes(log.changes(2));
  assert.deepEqual(
    todo.fresh.map((message) => message.number),
    [3, 4, 5],
  );
  assert.deepEqual([todo.sync, timeline.cursor], [undefined, 5]);
});

test("an answer behind the head asks again", () => {
  const log = logOf(2);
  const timeline = loaded(log);
  log.create();
  timeline.change(4, log.create());
  const answer = log.changes(2);
  timeline.change(5, log.create());
  assert.equal(timeline.changes(answer).sync, 4);
});

test("changes that begin after the cursor are a gap", () => {
  const log = logOf(5);
  const timeline = loaded(log);
  log.create();
  log.create();
  assert.equal(timeline.changes({ ...log.changes(6) }).sync, 5);
  assert.equal(timeline.rows.length, 5);
});

test("an answer that never comes is asked for on the next connection", () => {
  const log = logOf(2);
  const timeline = loaded(log);
  log.create();
  timeline.change(4, log.create());
  timeline.disconnected();
  assert.equal(timeline.position, 2);
  assert.equal(timeline.changes(log.changes(2)).sync, undefined);
  assert.equal(timeline.cursor, 4);
});

test("an older page goes before the rows", () => {
  const log = logOf(12);
  const timeline = loaded(log);
  assert.deepEqual([timeline.oldest, timeline.more], [8, true]);
  const todo = timeline.page(log.page(8), 0);
  assert.deepEqual([todo.changed, todo.fresh.length, timeline.oldest], [true, 0, 3]);
  timeline.page(log.page(3), 0);
  assert.deepEqual([timeline.rows.length, timeline.more], [12, false]);
});

test("a page newer than the cursor raises the head only", () => {
  const log = logOf(12);
  const timeline = loaded(log);
  log.edit(2);
  log.create();
  const todo = timeline.page(log.page(8), 0);
  assert.deepEqual([todo.sync, timeline.cursor, timeline.head], [12, 12, 14]);
});

test("a page older than the cursor asks from the page's version", () => {
  const log = logOf(12);
  const timeline = loaded(log);
  const late = log.page(8);
  timeline.change(13, log.edit(5)); // not held, so dropped
  const todo = timeline.page(late, 0);
  assert.deepEqual([todo.sync, timeline.position], [12, 12]);
  timeline.changes(log.changes(12));
  assert.deepEqual([timeline.find(5).body, timeline.floor], ["text 13", null]);
});

test("a resume from an older page goes on from the page's version", () => {
  const log = logOf(12);
  const timeline = loaded(log);
  const late = log.page(8);
  timeline.change(13, log.edit(5));
  timeline.page(late, 0);
  timeline.disconnected();
  assert.equal(timeline.position, 12);
});

test("a reset throws the rows away, and pages asked for before it", () => {
  const log = logOf(12);
  const timeline = loaded(log);
  const todo = timeline.reset(20);
  assert.deepEqual([todo.load, timeline.rows.length, timeline.loaded], [true, 0, false]);
  assert.equal(timeline.page(log.page(), 0).changed, false);
  assert.equal(timeline.loaded, false);
  assert.equal(timeline.page(log.page(), 1).sync, 12);
});

test("what comes before the first page is heard of, not lost", () => {
  const log = logOf(3);
  const timeline = new Timeline(1);
  const page = log.page();
  timeline.change(4, log.create());
  assert.equal(timeline.page(page, 0).sync, 3);
});

test("an edit and a deletion replace the row and are not fresh", () => {
  const log = logOf(3);
  const timeline = loaded(log);
  assert.equal(timeline.change(4, log.edit(1)).fresh.length, 0);
  timeline.change(5, log.delete(2));
  assert.deepEqual(
    timeline.rows.map((row) => row.body),
    ["text 4", "", "text 3"],
  );
});

/** What a permalink loads: some rows in the middle. */
function loadedAt(log, first, last) {
  const timeline = new Timeline(1);
  timeline.page(log.rows(first, last), 0);
  return timeline;
}

test("where newer ones are not loaded, new messages only raise the head, and changes of what is held apply", () => {
  const log = logOf(20);
  const timeline = loadedAt(log, 8, 12);
  assert.deepEqual([timeline.more, timeline.newer], [true, true]);
  const todo = timeline.change(21, log.create());
  assert.deepEqual([todo.changed, todo.fresh.length, timeline.newest, timeline.cursor], [false, 0, 12, 21]);
  timeline.change(22, log.edit(10));
  timeline.change(23, log.edit(15));
  assert.deepEqual([timeline.find(10).body, timeline.rows.length], ["text 22", 5]);
});

test("newer pages go after the rows, to the end of the log", () => {
  const log = logOf(20);
  const timeline = loadedAt(log, 8, 12);
  timeline.page(log.rows(13, 17), 0);
  assert.deepEqual([timeline.newest, timeline.newer], [17, true]);
  const todo = timeline.page(log.rows(18, 20), 0);
  assert.deepEqual([timeline.newest, timeline.newer, todo.sync, todo.fresh.length], [20, false, undefined, 0]);
  assert.equal(timeline.change(21, log.create()).fresh.length, 1);
});

test("what was dropped while the last page was on its way is read again, and nothing passes it by", () => {
  const log = logOf(20);
  const timeline = loadedAt(log, 8, 12);
  const late = log.rows(13, 20);
  timeline.change(21, log.create()); // dropped: it comes with its page, and that is on its way without it
  const todo = timeline.page(late, 0);
  assert.deepEqual([todo.sync, timeline.newer], [20, false]);
  assert.equal(timeline.change(22, log.create()).changed, false);
  const answer = timeline.changes(log.changes(20));
  assert.deepEqual([timeline.newest, timeline.floor, answer.fresh.map((row) => row.number)], [22, null, [21, 22]]);
});

/** A client between a log and a bad network; returns when it has converged. */
function live(random) {
  const log = logOf(random.below(30));
  const timeline = new Timeline(1);
  const network = []; // frames and pages on their way, in no order
  let connected = true;
  let loading = false;
  const ask = (todo) => {
    if (todo.sync !== undefined) {
      if (connected) network.push(log.changes(todo.sync));
      else timeline.disconnected();
    }
    if (todo.load) loading = false;
    seen(timeline, log);
  };
  const load = () => {
    if (loading) return;
    if (timeline.loaded && !timeline.more && !timeline.newer) return;
    loading = true;
    const { oldest, newest, generation } = timeline;
    const page = () => {
      if (!timeline.loaded) return log.page();
      if (timeline.newer) return log.rows(newest + 1, newest + 5);
      return log.page(oldest);
    };
    network.push({ type: "page", page: page(), generation });
  };
  const deliver = (frame) => {
    if (frame.type === "page") {
      if (frame.generation === timeline.generation) loading = false;
      ask(timeline.page(frame.page, frame.generation));
    } else if (frame.type === "changes") ask(timeline.changes(frame));
    else ask(timeline.change(frame.version, frame.type === "message" ? frame : undefined));
  };
  const write = () => {
    const number = 1 + random.below(log.messages.length || 1);
    const kinds = log.messages.length ? ["create", "create", "edit", "delete", "meta"] : ["create", "meta"];
    const change = log[random.pick(kinds)](number === 0 ? undefined : number);
    if (connected && random.chance(0.8)) network.push(change);
    if (connected && random.chance(0.1)) network.push(change);
  };
  const reconnect = () => {
    if (timeline.loaded) network.push(log.changes(timeline.position));
    else ask(timeline.heard(log.version));
  };
  const steps = {
    write,
    load,
    deliver: () => network.length && deliver(network.splice(random.below(network.length), 1)[0]),
    cut: () => {
      connected = !connected;
      if (connected) return reconnect();
      timeline.disconnected();
      const pages = network.filter((frame) => frame.type === "page");
      network.splice(0, network.length, ...pages);
      return undefined;
    },
    refill: () => connected && network.push(log.changes(random.below(log.version + 1))), // what the daemon tells everybody
    reset: () => random.chance(0.1) && ask(timeline.reset(log.version)),
    leap: () => {
      if (!log.messages.length) return;
      timeline.reset(timeline.head);
      loading = true;
      const first = 1 + random.below(log.messages.length);
      network.push({ type: "page", page: log.rows(first, first + 4), generation: timeline.generation });
    },
  };
  const mix = [
    "write",
    "write",
    "write",
    "deliver",
    "deliver",
    "deliver",
    "deliver",
    "load",
    "cut",
    "reset",
    "refill",
    "leap",
  ];
  for (let step = 0; step < 200; step += 1) steps[random.pick(mix)]();
  return { log, timeline, settle: () => settle({ log, timeline, network, deliver, load, reconnect }) };
}

function settle({ log, timeline, network, deliver, load, reconnect }) {
  for (const frame of network.splice(0)) deliver(frame);
  timeline.disconnected();
  reconnect();
  for (let round = 0; round < 200; round += 1) {
    while (network.length) deliver(network.shift());
    if (!timeline.loaded || timeline.more || timeline.newer) load();
  }
  assert.equal(timeline.cursor, log.version);
}

/** Whatever happens: rows ascend without holes, and none is newer than the log. */
function seen(timeline, log) {
  for (const [index, row] of timeline.rows.entries()) {
    assert.equal(row.number, timeline.oldest + index);
    assert.ok(row.version <= log.version);
  }
}

test("after loss, doubles, crossing, cuts, late pages and resets the rows are the log", () => {
  const seed = Number(process.env.PARLEY_TEST_SEED ?? 1);
  for (let run = seed; run < seed + 400; run += 1) {
    const { log, timeline, settle: finish } = live(seeded(run));
    try {
      finish();
      assert.deepEqual(timeline.rows, log.messages);
    } catch (fault) {
      fault.message = `PARLEY_TEST_SEED=${run}: ${fault.message}`;
      throw fault;
    }
  }
});
