// The bulk bar of the list of devices: there while something is ticked, with the number in its buttons.
import { all, one, set } from "./words.js";

const bulk = one("[data-bulk]");

function boxes() {
  return [...all("tbody .pick input")];
}

function show() {
  const picked = boxes().filter((box) => box.checked).length;
  const every = one("[data-every]", bulk);
  const whole = one("[data-all]");
  bulk.hidden = picked === 0;
  set(one("[data-n]", bulk), every?.checked ? "all" : String(picked));
  for (const button of all("[data-verb]")) {
    set(button, every?.checked ? `${button.dataset.verb} all` : `${button.dataset.verb} ${picked}`);
  }
  whole.checked = picked > 0 && picked === boxes().length;
  whole.indeterminate = picked > 0 && !whole.checked;
}

for (const field of all("[data-submit]")) field.addEventListener("change", () => field.form.requestSubmit());

if (bulk) {
  addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) for (const box of boxes()) box.checked = event.target.checked;
    show();
  });
  one("[data-clear]", bulk).addEventListener("click", (event) => {
    event.preventDefault();
    for (const box of all("[data-list] input:checked")) box.checked = false;
    show();
  });
  show();
}
