// How numbers, money and moments are written, and the few steps around elements; as server/words.py.
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const one = (selector, root = document) => root.querySelector(selector);
export const row = (name) => one(`#${name}`).content.firstElementChild.cloneNode(true);
export const set = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };

// A link that somebody is about to follow: it must not become another one under a finger.
const pointed = matchMedia("(hover: hover)").matches ? "a:hover, a:focus-visible" : "a:focus-visible";
let actedAt = 0; // a pointer that somebody left over a link holds nothing up
for (const act of ["pointermove", "pointerdown", "keydown"]) {
  addEventListener(act, () => { actedAt = performance.now(); }, { passive: true });
}
export const HELD_MS = 30000;
export const acting = () => performance.now() - actedAt < HELD_MS;
export const touched = (root) => acting() && one(pointed, root);

const zone = document.body.dataset.zone || "UTC";
const whole = new Intl.NumberFormat("en-US");
const cents = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
export const seconds = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const minutes = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const dates = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short" });
const signed = (text) => text.replace("-", "−");
export const number = (value) => signed(whole.format(value));
export const money = (value) => signed(cents.format(value / 100));
const LATEST = 253370764800000; // the year 9999, as on the server
export const moment = (at) => new Date(Math.max(0, Math.min(at, LATEST)));
const today = (at) => dates.format(at) === dates.format(Date.now());
export const short = (at) => (today(moment(at)) ? "" : `${dates.format(moment(at))}, `) + minutes.format(moment(at));

export function ago(at) {
  const past = Math.max(0, Math.floor((Date.now() - at) / 1000));
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (past >= size) return `${Math.floor(past / size)} ${unit}`;
  }
  return `${past} s`;
}

// ---- names that somebody else chose ----
const UNSEEN = /(?!\u0020)[\p{C}\p{Z}]/gu;
const code = (letter) => `⟨U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
export function visible(name) {
  const joined = /[^\p{C}\p{Z}]/u.test(name);
  const shown = name.replace(UNSEEN, (letter) => (joined && /[\u200c\u200d]/.test(letter) ? letter : code(letter)));
  return shown.replace(/^ +| +$/g, (spaces) => "␣".repeat(spaces.length));
}
export const customerPath = (name) => (name === "." || name === ".."
  ? `/customers?name=${encodeURIComponent(name)}`
  : `/customers/${encodeURIComponent(name)}`);
