/** What a key press means. Pure. */

/**
 * While an input method composes, Enter takes what it offers (keyCode 229 where Safari has ended the
 * composition just before the key).
 * @param {KeyboardEvent} event
 */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** The key in short: "Mod+k", "Alt+ArrowUp", "?"; Mod is Ctrl, or Cmd on a Mac. @param {KeyboardEvent} event */
export function chordOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  const isSign = key.length === 1; // the shift is in the sign already
  const parts = [(ctrlKey || metaKey) && "Mod", altKey && "Alt", shiftKey && !isSign && "Shift"];
  return [...parts.filter(Boolean), isSign ? key.toLowerCase() : key].join("+");
}
