/** The keys that work wherever one is on the page; the help sheet in `partials/dialogs.html` lists them. */

import { chordOf, isComposing } from "./keys.js";

/**
 * @param {Record<string, () => void>} everywhere  by chord
 * @param {Record<string, () => void>} outside  only while nothing is typed into
 */
export function listenToKeys(everywhere, outside) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isComposing(event)) return;
    if (document.querySelector("dialog:modal")) return;
    const chord = chordOf(event);
    const types = event.target instanceof Element && Boolean(event.target.closest("input, textarea, select"));
    const run = own(everywhere, chord) ?? (types ? undefined : own(outside, chord));
    if (!run) return;
    event.preventDefault();
    run();
  });
}

function own(table, chord) {
  return Object.hasOwn(table, chord) ? table[chord] : undefined;
}
