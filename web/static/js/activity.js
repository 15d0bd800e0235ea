/** Whether somebody sits before the page: away after a while without a key, a pointer or a look at it. */

const AWAY_MILLISECONDS = 5 * 60_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "focus"];

/**
 * @param {(state: "online"|"away") => void} tell
 * @param {{window: EventTarget, document: EventTarget & {visibilityState: string}}} [page]
 */
export function watchActivity(tell, page = globalThis) {
  let timer = 0;
  const active = () => {
    clearTimeout(timer);
    timer = setTimeout(() => tell("away"), AWAY_MILLISECONDS);
    tell("online");
  };
  for (const sign of SIGNS) page.window.addEventListener(sign, active, { capture: true, passive: true });
  page.document.addEventListener(
    "visibilitychange",
    () => page.document.visibilityState === "visible" && active(),
  );
  active();
}
