// Replays cases that were drawn for the Python timeline with the page's, and compares after every event.
// node replay.mjs CASES.json
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Timeline } from "../../web/static/js/timeline.js";

const cases = JSON.parse(readFileSync(process.argv[2], "utf8"));

/** @param {Timeline} timeline @param {any} event */
function apply(timeline, event) {
  switch (event.do) {
    case "change":
      return timeline.change(event.version, event.message ?? undefined);
    case "changes":
      return timeline.changes(event);
    case "page":
      return timeline.page(event, event.generation);
    case "reset":
      return timeline.reset(event.head);
    case "heard":
      return timeline.heard(event.head);
    case "refused":
      return timeline.refused();
    case "disconnected":
      return timeline.disconnected();
    default:
      throw new Error(`unknown event ${event.do}`);
  }
}

for (const { events, states } of cases) {
  const timeline = new Timeline(1);
  events.forEach((event, index) => {
    const todo = apply(timeline, event) ?? {};
    const state = {
      cursor: timeline.cursor,
      head: timeline.head,
      floor: timeline.floor,
      asked: timeline.asked,
      more: timeline.more,
      newer: timeline.newer,
      rows: timeline.rows.map((row) => [row.number, row.version, row.body]),
      sync: todo.sync ?? null,
      load: todo.load ?? false,
    };
    assert.deepEqual(state, states[index], `after ${JSON.stringify(events.slice(0, index + 1))}`);
  });
}
console.log(`${cases.length} cases`);
