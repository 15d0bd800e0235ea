/** What the server put into the page for us. @returns {any}  see web/boot.py */
export function readBoot() {
  return JSON.parse(document.getElementById("boot").textContent);
}
