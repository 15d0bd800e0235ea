/** The theme that the user chose, else the system's. Loaded before the first paint, so that nothing flashes. */

import { durableStorage } from "./storage.js";

const KEY = "parley:theme";
const GROUND = { light: "#f1f5f6", dark: "#0c1416" }; // as --ground: browsers want it apart, for their own frame
const storage = durableStorage();

/** @returns {"system"|"light"|"dark"} */
export function chosenTheme() {
  const chosen = storage.getItem(KEY);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/** @param {"system"|"light"|"dark"} theme */
export function chooseTheme(theme) {
  storage.setItem(KEY, theme);
  apply();
}

function apply() {
  const theme = chosenTheme();
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    const own = meta.media.includes("dark") ? "dark" : "light";
    meta.content = GROUND[theme === "system" ? own : theme];
  }
}

apply();
addEventListener("storage", (event) => event.key === KEY && apply());
