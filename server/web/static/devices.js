// The bulk bar of the list of devices: there while something is ticked, with the number in its buttons.
import { all, one, set } from "./words.js";

const boxes = () => all("tbody .pick input");

function show() {
  const bulk = one("[data-bulk]");
  if (!bulk) return;
  const picked = boxes().filter((box) => box.checked).length;
  const every = one("[data-every]", bulk);
  const whole = one("[data-all]");
  bulk.hidden = picked === 0;
  one("[data-of]", bulk).hidden = false; // without scripts nobody counts
  set(one("[data-n]", bulk), every?.checked ? "all" : String(picked));
  for (const button of all("[data-verb]")) {
    set(button, every?.checked ? `${button.dataset.verb} all` : `${button.dataset.verb} ${picked}`);
  }
  whole.checked = picked > 0 && picked === boxes().length;
  whole.indeterminate = picked > 0 && !whole.checked;
}

addEventListener("change", ({ target }) => {
  if (target.matches("[data-submit]")) return void target.form.requestSubmit();
  if (target.matches("[data-all]")) for (const box of boxes()) box.checked = target.checked;
  show();
});
addEventListener("click", (event) => {
  if (!event.target.closest("[data-clear]")) return;
  event.preventDefault();
  for (const box of all("[data-list] input:checked")) box.checked = false;
  show();
});
addEventListener("fresh", show); // as the server draws it, nothing is ticked and the bar is there
addEventListener("pageshow", show); // by when a browser that went back has ticked again what was ticked
show();
