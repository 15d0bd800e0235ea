import assert from "node:assert/strict";
import { test } from "node:test";

import { coloured } from "../../web/static/js/highlighter.js";

const text = (pieces) => pieces.map((piece) => (typeof piece === "string" ? piece : text(piece.children))).join("");
const scopes = (pieces) => pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.scope, ...scopes(piece.children)]));

test("code comes back in pieces that together are the code", async () => {
  const code = 'def f(x: int) -> str:\n    """<b>&amp;</b>"""\n    return f"{x}"  # done';
  const pieces = await coloured(code, "python");
  assert.equal(text(pieces), code);
  for (const scope of ["keyword", "string", "comment", "built-in"]) assert.ok(scopes(pieces).includes(scope), scope);
});

test("an alias is a language, and code within code is coloured too", async () => {
  const code = "<script>const x = 1;</script>";
  const pieces = await coloured(code, "html");
  assert.equal(text(pieces), code);
  assert.ok(scopes(pieces).includes("keyword"));
});

test("an unknown language has no colours", async () => {
  assert.equal(await coloured("x", "klingon"), null);
  assert.equal(await coloured("x", "constructor"), null);
});

test("code that is made to be slow or deep costs little and breaks nothing", async () => {
  for (const language of ["js", "xml", "markdown", "css", "python", "sql", "bash", "perl", "ruby", "cpp", "yaml"]) {
    for (const part of ["(", "<", "'", "*", "a ", "{", "`", "${", "/*", "=>", "<a ", "a-"]) {
      const begun = process.cpuUsage(); // the clock counts other programs too
      await coloured(part.repeat(10_000 / part.length), language);
      const { user, system } = process.cpuUsage(begun); // microseconds
      assert.ok(user + system < 2_000_000, `${language} ${part}: ${user + system} µs`);
    }
  }
});
