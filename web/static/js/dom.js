/** Making elements. Text is only ever put in as text: there is no way here to put in HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, any>} [about]  attributes; `on…` are listeners; false, null and undefined are left out
 * @param {...(Node|string|null|false|undefined)} children
 * @returns {HTMLElement}
 */
export function el(tag, about = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * An icon of `partials/icons.html`; decoration, so the control around it needs a name.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A button that looks like a link, within a text. @param {string} label @param {() => void} onclick */
export function linkButton(label, onclick) {
  return el("button", { type: "button", class: "link-button", onclick }, label);
}

/** @param {string} id @returns {any} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Make the children of `parent` those of `items`, in order, keeping each element whose key and
 * stamp are as before, so that focus, selection and scroll position stay where they are. `update`, where there is one,
 * brings the rest of an element up to date, be it kept or new.
 * @param {HTMLElement} parent
 * @param {{key: string, stamp: string, make: () => HTMLElement, update?: (element: HTMLElement) => void}[]} items
 */
export function keep(parent, items) {
  const wanted = new Set(items.map((item) => item.key));
  /** @type {Map<string, HTMLElement>} */
  const held = new Map();
  for (const child of [...parent.children]) {
    if (wanted.has(child.dataset.key)) held.set(child.dataset.key, child);
    else child.remove(); // before the others are placed, so that these need not move
  }
  let place = parent.firstElementChild;
  let refocused;
  for (const { key, stamp, make, update } of items) {
    let child = held.get(key);
    if (child?.dataset.stamp !== stamp) {
      const made = make();
      made.dataset.key = key;
      made.dataset.stamp = stamp;
      const hadFocus = child?.contains(document.activeElement);
      if (child && child === place) place = child.nextElementSibling;
      child?.remove();
      child = made;
      if (hadFocus) refocused = made;
    }
    update?.(child);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  if (refocused) focusIn(refocused); // it was made anew under the focus
}

function focusIn(element) {
  const target = element.hasAttribute("tabindex") ? element : element.querySelector("a, button");
  target?.focus({ preventScroll: true });
}
