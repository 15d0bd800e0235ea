import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Seeker } from "../../web/static/js/seeker.js";
import { Timeline } from "../../web/static/js/timeline.js";

let timeline;
let asked;
let told;
let seeker;

const page = (first, last, about) => ({
  room: { id: 1 },
  version: 500,
  messages: Array.from({ length: last - first + 1 }, (_, index) => ({ number: first + index, version: first + index })),
  more: first > 1,
  ...about,
});

beforeEach(() => {
  timeline = new Timeline(1);
  timeline.page(page(401, 450), 0);
  asked = [];
  told = [];
  const replica = {
    timelines: new Map([[1, timeline]]),
    toNumber: (room, number) => {
      timeline.reset(timeline.head);
      asked.push(number);
      return timeline.generation;
    },
  };
  seeker = new Seeker(replica, {
    onFound: (number, quiet) => told.push(quiet ? `quiet ${number}` : number),
    onMissing: () => told.push("missing"),
  });
});

test("a message that is loaded is shown at once", () => {
  seeker.seek(1, 420);
  assert.deepEqual([told, asked], [[420], []]);
});

test("one that is not is shown when the page around it is there, which is asked for once", () => {
  seeker.seek(1, 60);
  seeker.go();
  assert.deepEqual([told, asked], [[], [60]]);
  timeline.page(page(35, 84, { newer: true }), timeline.generation);
  seeker.go();
  seeker.go();
  assert.deepEqual([told, asked], [[60], [60]]);
});

test("one after the end is not asked for", () => {
  seeker.seek(1, 451);
  assert.deepEqual([told, asked], [["missing"], []]);
});

test("one that the page around it lacks is missing", () => {
  timeline.reset(0);
  seeker.seek(1, 60);
  timeline.page(page(1, 20, { newer: true }), timeline.generation);
  seeker.go();
  assert.deepEqual(told, ["missing"]);
});

test("where a reset comes between it is asked for again", () => {
  seeker.seek(1, 60);
  timeline.reset(0);
  seeker.go();
  assert.deepEqual(asked, [60, 60]);
});

test("a place that is kept is no message that was asked for", () => {
  seeker.seek(1, 60, { quiet: true });
  timeline.page(page(1, 20, { newer: true }), timeline.generation);
  seeker.go();
  seeker.seek(1, 10, { quiet: true });
  assert.deepEqual(told, ["quiet 10"]);
});
