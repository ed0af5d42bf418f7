// Keeps a page that the server draws current: after a commit it is drawn again there, and taken over here.
import { follow } from "./connection.js";
import { one, touched } from "./words.js";

const part = one("[data-fresh]");
const EVERY_MS = 1500;
const HOUR_MS = 3600000;
let due = 0;
let asking = false;

// Let the page be drawn again soon, but not more often than every 1.5 s.
function soon() {
  due ||= setTimeout(draw, EVERY_MS);
}

// Rows that are ticked, and menus that are open, must not move to another device.
const busy = () => one("input:checked, details[open]", part) || part.contains(document.activeElement);

async function draw() {
  due = 0;
  if (asking || document.hidden || touched(part) || busy()) return void soon();
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
