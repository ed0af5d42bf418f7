// Keeps a page that the server draws current: after a commit it is drawn again there, and taken over here.
import { follow, hold } from "./connection.js";
import { acting, one, touched } from "./words.js";

const part = one("[data-fresh]");
const EVERY_MS = 1500;
const HOUR_MS = 3600000;
let due = 0;
let asking = false;

// Let the page be drawn again soon, but not more often than every 1.5 s.
function soon() {
  due ||= setTimeout(draw, EVERY_MS);
}

// Why the page must stand still, "" if it need not: rows that are ticked, menus that are open and fields that are
// written in must not become those of another device. A link that was clicked keeps the focus and holds nothing.
const WRITTEN = "input:focus, select:focus, textarea:focus";
function held() {
  if (one("input:checked", part)) return "while rows are ticked";
  if (one("details[open]", part)) return "while a menu is open";
  return touched(part) || (acting() && one(WRITTEN, part)) ? "while you point at it" : "";
}

async function draw() {
  due = 0;
  hold(held());
  if (asking || document.hidden || held()) return void soon();
  asking = true;
  const answer = await fetch(location.href).catch(() => null);
  asking = false;
  if (!answer) return void soon(); // no way to the edge now
  if (!answer.ok || answer.redirected) return;
  const fresh = one("[data-fresh]", new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (!fresh) return;
  become(part, fresh);
  dispatchEvent(new Event("fresh"));
}

// Let an element be like another one, and touch only what differs.
function become(here, there) {
  if (here.nodeType !== there.nodeType || here.nodeName !== there.nodeName) return here.replaceWith(document.adoptNode(there));
  if (here.nodeType !== Node.ELEMENT_NODE) {
    if (here.data !== there.data) here.data = there.data;
    return;
  }
  for (const { name } of [...here.attributes]) if (!there.hasAttribute(name)) here.removeAttribute(name);
  for (const { name, value } of there.attributes) if (here.getAttribute(name) !== value) here.setAttribute(name, value);
  const [old, fresh] = [[...here.childNodes], [...there.childNodes]];
  fresh.forEach((node, index) => (index < old.length ? become(old[index], node) : here.append(document.adoptNode(node))));
  for (const node of old.slice(fresh.length)) node.remove();
}

if (part) {
  const state = (tile) => { if (tile.tile === part.dataset.tile) soon(); };
  follow("newest=1", Number(part.dataset.fresh), { state, event: soon, reset: soon });
  setTimeout(() => { soon(); setInterval(soon, HOUR_MS); }, HOUR_MS - Date.now() % HOUR_MS + 2000); // standings, and days
}
