import assert from "node:assert/strict";
import { test } from "node:test";

import { ROWS_MOST, RowWindow } from "../../web/static/js/row-window.js";
import { UnreadLine } from "../../web/static/js/unread-line.js";
import { seeded } from "./random.js";

const rowsTo = (last, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, index) => ({ number: first + index, author: { id: 1 } }));
const ends = (rows) => [rows[0]?.number, rows.at(-1)?.number];

test("a window begins at the end and follows it", () => {
  const window = new RowWindow();
  assert.deepEqual(ends(window.of(rowsTo(50), true)), [1, 50]);
  assert.deepEqual(ends(window.of(rowsTo(1000), true)), [901, 1000]);
  assert.deepEqual(ends(window.of([], true)), [undefined, undefined]);
});

test("going up shows older rows and lets go of the newest; going down brings them back", () => {
  const window = new RowWindow();
  const rows = rowsTo(1000);
  window.of(rows, true);
  for (let step = 0; step < 4; step += 1) assert.ok(window.older(rows));
  assert.deepEqual(ends(window.of(rows, false)), [701, 900]);
  assert.equal(window.isAtEnd, false);
  while (window.newer(rows)) assert.ok(window.of(rows, false).length <= ROWS_MOST);
  assert.equal(window.isAtEnd, true);
  assert.equal(window.of(rows, false).at(-1).number, 1000);
});

test("a page that was waited for at the beginning is shown when it comes", () => {
  const window = new RowWindow();
  assert.equal(window.older(rowsTo(100, 51)), false);
  assert.deepEqual(ends(window.of(rowsTo(100), false)), [1, 100]);
});

test("who reads above keeps what they read while new rows come", () => {
  const window = new RowWindow();
  window.older(rowsTo(190));
  assert.deepEqual(ends(window.of(rowsTo(230), false)), [41, 230]);
  assert.deepEqual(ends(window.of(rowsTo(260), false)), [41, 240]);
});

test("a row is found wherever it is, with others around it", () => {
  const window = new RowWindow();
  const rows = rowsTo(1000);
  window.around(rows, 300);
  assert.deepEqual(ends(window.of(rows, false)), [200, 399]);
  window.around(rows, 999);
  assert.equal(window.isAtEnd, true);
});

test("a row that is shown already stays where it is when newer ones are loaded", () => {
  const window = new RowWindow();
  window.around(rowsTo(550, 501), 510);
  assert.deepEqual(ends(window.of(rowsTo(650, 501), false)), [501, 650]);
  assert.deepEqual(ends(window.of(rowsTo(750, 501), false)), [501, 700]);
});

test("whatever one does, a window is bounded and without holes", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const random = seeded(seed).below;
    const window = new RowWindow();
    let rows = rowsTo(1 + random(400));
    for (let step = 0; step < 40; step += 1) {
      const what = random(5);
      if (what === 0) rows = rowsTo(rows.at(-1).number + random(120), rows[0].number);
      if (what === 1) window.older(rows);
      if (what === 2) window.newer(rows);
      if (what === 3) window.toEnd();
      if (what === 4) window.around(rows, 1 + random(rows.length));
      const shown = window.of(rows, random(2) === 0);
      assert.ok(shown.length > 0 && shown.length <= ROWS_MOST);
      assert.equal(shown.at(-1).number - shown[0].number, shown.length - 1);
      if (window.isAtEnd) assert.equal(shown.at(-1).number, rows.at(-1).number);
    }
  }
});

test("the line stands before the first message that one has not read", () => {
  const line = new UnreadLine();
  line.opened(3, 5);
  assert.equal(line.before(rowsTo(5), false, 9), 4);
  assert.equal(line.before(rowsTo(5), false, 1), null, "one's own are not new");
  assert.equal(line.before(rowsTo(9, 6), true, 9), null, "it stands among older ones");
  assert.equal(line.before(rowsTo(9, 4), true, 9), 4);
  line.wrote();
  assert.equal(line.before(rowsTo(5), false, 9), null);
  line.opened(5, 5);
  assert.equal(line.before(rowsTo(5), false, 9), null);
});

test("the line stands at a message that one wants to read on from another time", () => {
  const line = new UnreadLine();
  line.marked(4);
  assert.equal(line.before(rowsTo(6), false, 9), 4);
});

test("the line stays where one looked away", () => {
  const line = new UnreadLine();
  line.came(4, true);
  assert.equal(line.after, null);
  line.came(5, false);
  line.came(6, false);
  assert.equal(line.before(rowsTo(6), false, 9), 5);
});
