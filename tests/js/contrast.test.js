import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../web/static/css/tokens.css", import.meta.url), "utf8");
const VALUE = "oklch\\(([\\d.]+)% ([\\d.]+) ?([\\d.]*)\\)";
const PAIR = new RegExp(`--([\\w-]+): light-dark\\(${VALUE}, ${VALUE}\\);`, "g");
const AVATAR = /--avatar-(ground|text)(-dark)?: ([\d.]+)% ([\d.]+);/g;
const themes = { light: {}, dark: {} };
for (const [, name, ...parts] of css.matchAll(PAIR)) {
  themes.light[name] = parts.slice(0, 3).map(Number);
  themes.dark[name] = parts.slice(3).map(Number);
}
for (const [, name, dark, ...parts] of css.matchAll(AVATAR)) {
  themes[dark ? "dark" : "light"][`avatar-${name}`] = parts.map(Number);
}

const TEXT = 4.5; // WCAG 2.2, 1.4.3
const SHAPE = 3; // 1.4.11
const SURFACES = ["ground", "surface", "raised", "hover", "own", "accent-soft", "fault-soft"];
const PAIRS = [
  ...SURFACES.flatMap((surface) => [
    ["text", surface, TEXT],
    ["text-soft", surface, TEXT],
  ]),
  ...["ground", "surface", "raised", "hover", "own", "fault-soft"].map((surface) => [
    "accent",
    surface,
    TEXT,
  ]),
  ...["accent", "accent-hover", "fault", "fault-hover"].map((ground) => ["on-accent", ground, TEXT]),
  ...["surface", "raised", "fault-soft"].map((surface) => ["fault", surface, TEXT]),
  ["on-warning", "warning-soft", TEXT],
  ...["text", "quiet", "word", "string", "value", "name", "added", "removed"].map((name) => [
    `code-${name}`,
    "code-ground",
    TEXT,
  ]),
  ["new", "surface", TEXT],
  ...["calling", "calling-hover"].flatMap((ground) => ["text", "text-soft", "accent"].map((name) => [name, ground, TEXT])),
  ["on-mention", "mention", TEXT],
  ["on-mention-me", "mention-me", TEXT],
  ...["surface", "raised"].map((surface) => ["line-strong", surface, SHAPE]),
  ...["ground", "surface", "own", "accent-soft"].map((surface) => ["focus", surface, SHAPE]),
];

/** The relative luminance (WCAG 2.2) of an oklch colour, by the matrices of CSS Color 4 §18. */
function luminance([lightness, chroma, hue]) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness / 100 + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness / 100 - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness / 100 - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const within = (value) => Math.min(1, Math.max(0, value));
  return (
    0.2126 * within(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) +
    0.7152 * within(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) +
    0.0722 * within(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)
  );
}

function contrast(one, other) {
  const [less, more] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05);
}

for (const [theme, tokens] of Object.entries(themes)) {
  test(`in the ${theme} theme text can be read and shapes be seen`, () => {
    for (const [front, back, least] of PAIRS) {
      const found = contrast(tokens[front], tokens[back]);
      assert.ok(found >= least, `${front} on ${back}: ${found.toFixed(2)}, and not ${least}`);
    }
  });

  test(`in the ${theme} theme every avatar can be read`, () => {
    for (let hue = 0; hue < 360; hue += 5) {
      const [ground, text] = [tokens["avatar-ground"], tokens["avatar-text"]].map(([l, c]) => [l, c, hue]);
      assert.ok(contrast(ground, text) >= TEXT, `hue ${hue}`);
    }
  });
}
