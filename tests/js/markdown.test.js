import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { excerpt, isJumbo, parse, plain } from "../../web/static/js/markdown.js";

/** The tree in short: `p[a strong[b]]`. */
const short = (text) => parse(text).map(shape).join(" ");
const shape = (node) => {
  if (node.type === "text") return node.text;
  if ("text" in node) return `${node.type}${node.language ? `:${node.language}` : ""}(${node.text})`;
  if (node.type === "break") return "/";
  const about = node.href ? `<${node.href}>` : node.start > 1 ? `${node.start}` : "";
  return `${node.type}${about}[${node.children.map(shape).join("|")}]`;
};
const all = (type, text) => {
  const found = [];
  const walk = (node) => {
    if (node.type === type) found.push(node);
    node.children?.forEach(walk);
  };
  parse(text).forEach(walk);
  return found;
};
const links = (text) => all("link", text).map(({ href }) => href);

test("emphasis, code, lists and quotes", () => {
  assert.equal(short("a **b** *c* ~~d~~ `e*`"), "paragraph[a |strong[b]| |em[c]| |strike[d]| |code(e*)]");
  assert.equal(short("- a\n- b"), "bullets[item[paragraph[a]]|item[paragraph[b]]]");
  assert.equal(short("3. a"), "numbers3[item[paragraph[a]]]");
  assert.equal(short("> a\n> b\n\nc"), "quote[paragraph[a|/|b]] paragraph[c]");
  assert.equal(short("```JS title\na < b\n```"), "fence:js(a < b)");
});

test("a line break is a line break", () => {
  assert.equal(short("a\nb"), "paragraph[a|/|b]");
});

test("stars and underscores within words mean nothing, but do where words have no spaces around them", () => {
  for (const text of ["2*3*4", "snake_case_name", "__init__x", "{{ 7*7 }} ${7*7}"]) {
    assert.equal(short(text), `paragraph[${text}]`);
  }
  assert.equal(short("这是**重点**内容"), "paragraph[这是|strong[重点]|内容]");
});

test("no headings, tables, images, rules, entities or HTML: they stay as they were typed", () => {
  for (const text of ["# a", "&lt;b&gt; &amp;", "<b>x</b>", "<!-- x -->", "<script>x</script>", "a | b", "***"]) {
    assert.equal(short(text), `paragraph[${text}]`);
  }
  assert.equal(short("![x](https://a.example/x.png)"), "paragraph[!|link<https://a.example/x.png>[x]]");
});

test("http and https addresses become links, nothing else does", () => {
  assert.deepEqual(links("see https://a.example/x?y=1#z and http://b.example."), [
    "https://a.example/x?y=1#z",
    "http://b.example",
  ]);
  assert.deepEqual(links("javascript:alert(1) data:text/html,x ftp://a.example http:// https:// a.example a@b.example"), []);
  assert.deepEqual(links("//a.example mailto:a@b.example xhttps://a.example"), []);
  assert.deepEqual(links("[x](javascript:alert(1)) [y](data:text/html,x) [z](/x) <javascript:x> [w](vbscript:x)"), []);
  assert.deepEqual(links("[x](JaVaScRiPt:alert(1)) [y](java\tscript:x) [z](https:x)"), []);
  assert.deepEqual(links("[x](https://a.example/y) <https://b.example>"), ["https://a.example/y", "https://b.example"]);
});

test("punctuation of the sentence stays outside of a link, brackets of the address inside", () => {
  assert.deepEqual(links("(https://a.example/b_(c)), https://a.example/d!"), [
    "https://a.example/b_(c)",
    "https://a.example/d",
  ]);
  assert.deepEqual(links("https://a.example/*x*/_y_/z"), ["https://a.example/*x*/_y_/z"]);
});

test("an address that turns the direction of writing, or draws nothing, is no link", () => {
  for (const hidden of ["\u202e", "\u2066", "\u200b", "%E2%80%AE", "%00"]) {
    assert.deepEqual(links(`https://a.example/${hidden}gnp.exe`).filter((href) => href.includes("gnp")), []);
    assert.deepEqual(links(`[x](https://a.example/${hidden}gnp.exe)`), []);
  }
});

test("an address is shown as it was typed", () => {
  assert.equal(short("https://a.example/%41"), "paragraph[link<https://a.example/%41>[https://a.example/%41]]");
});

test("in plain words for who hears it", () => {
  assert.equal(plain("**a** [b](https://c.example)\n\n- d\n- `e`\n\n```js\nf\n```"), "a b\nd\ne\nf");
  assert.equal(plain(" "), "");
});

test("whom a text calls is marked as the server counts it: one table of cases holds both to it", () => {
  const cases = JSON.parse(readFileSync(new URL("../shared/mention_cases.json", import.meta.url)));
  for (const [text, names, everyone] of cases) {
    const called = [...new Set(all("mention", text).map(({ name }) => name))];
    assert.deepEqual([called.filter((name) => name !== "room"), called.includes("room")], [names, everyone], text);
  }
});

test("a mention keeps its letters, and nothing within it is emphasis", () => {
  assert.equal(short("**@An_na_b** _x_"), "paragraph[strong[mention(@An_na_b)]| |em[x]]");
  assert.equal(plain("hi @Anna!"), "hi @Anna!");
});

test("a quote shows the beginning in one line", () => {
  assert.equal(excerpt("**a**\n\n- b\n- c"), "a b c");
  assert.equal([...excerpt("😀".repeat(300))].length, 200);
});

test("a few emoji alone are large", () => {
  assert.deepEqual(
    ["🎉", "👍🏽 👍", "🏳️‍🌈🇩🇪", "🎉 yes", "123", "🎉🎉🎉🎉", "a", "`🎉`"].map((text) => isJumbo(parse(text))),
    [true, true, true, false, false, false, false, false],
  );
});

test("what is made to be slow costs a reader no more than any other text", () => {
  const evil = [
    "[", "![", "*a ", "**a*", "_a", "> ", "- ", "1. ", "`", "`a``", "~~a", "<http://", "http://", "[a](", "\\", "&", "&#",
    "<", "<!--", "a|", "]", "[a]", "http://a.example/(", ":", "@", "www.", "~", "@", "@a", "```\n", "\n> ", "\n- ",
  ];
  for (const part of evil) {
    for (const text of [part.repeat(10_000 / part.length), `http://a.example/${part.repeat(9_000 / part.length)}a`]) {
      const begun = process.cpuUsage(); // not the clock: other programs may run
      parse(text);
      const { user, system } = process.cpuUsage(begun);
      assert.ok(user + system < 1_000_000, `${JSON.stringify(part)}: ${user + system} µs`);
    }
  }
});

test("emphasis within emphasis ends before a reader's stack does", () => {
  const depth = (nodes) => 1 + Math.max(0, ...nodes.map(({ children }) => (children ? depth(children) : 0)));
  for (const [opening, closing] of [["*a ", "a* "], ["**a ", "a** "], ["> ", ""], ["- ", ""], ["~~a ", "a~~ "]]) {
    const text = opening.repeat(1500) + closing.repeat(1500);
    assert.ok(depth(parse(text)) < 130, opening);
    assert.equal(plain(text).includes("undefined"), false);
  }
  assert.equal(plain(`${"*a ".repeat(1500)}${"a* ".repeat(1500)}`).replaceAll(" ", ""), "a".repeat(3000));
});
