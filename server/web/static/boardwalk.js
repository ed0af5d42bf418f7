// What every page may have: buttons, and the page's own module, which does nothing on the others.
import { all } from "./words.js";
import "./today.js";
import "./fresh.js";
import "./devices.js";

// A form that is on its way is not sent again: a board would restart twice.
const PATIENCE_MS = 12000;
const sent = new Set();
addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (sent.has(event.target)) return void event.preventDefault();
  sent.add(event.target);
  setTimeout(() => sent.clear(), PATIENCE_MS);
});
addEventListener("pageshow", () => sent.clear());

for (const button of all("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
for (const button of all("[data-show]")) {
  button.addEventListener("click", () => {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.textContent = shown ? "Show" : "Hide";
    button.setAttribute("aria-pressed", String(!shown));
  });
}
