/** Pages with a form: says what went wrong first, and sends a form once. */

const faults = document.getElementById("faults");
if (faults) faults.focus();
else document.querySelector(".card > form .field")?.focus(); // not in the sections of the account page

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "true";
  });
}
// Back may bring the page as it was left.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
