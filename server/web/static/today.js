// Keeps Today current: whole tiles, and single orders as they come.
import { follow, say } from "./connection.js";
import { acting, ago, all, customerPath, moment, money, number, one, row, seconds, set, short, touched, visible } from "./words.js";

const page = one("[data-live]");

// ---- structure changes: take the part anew from the server ----
let redrawing = false;
async function redraw() {
  if (redrawing) return;
  redrawing = true;
  const answer = await fetch(location.href).catch(() => null);
  if (answer && answer.ok && !answer.redirected) {
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const selector of [".a-deck", ".head > div", ".a-heat", ".a-ranks", ".a-cloud"]) {
      const [here, there] = [one(selector), one(selector, fresh)];
      if (here && there) here.replaceWith(document.adoptNode(there));
    }
    replaceOrders(fresh);
  }
  setTimeout(() => { redrawing = false; }, 2000);
}

// ---- orders ----
const SHOWN = 20;
const CALM_MS = 400;
const list = one("[data-stream]");
const pause = one("[data-pause]");
let paused = false;
let waiting = [];
let frame = 0;

function held() {
  return paused || (acting() && list.matches(":hover")) || one(":focus-visible", list) !== null;
}

function arrive(event) {
  waiting.push(event);
  if (waiting.length > SHOWN) waiting = waiting.slice(-SHOWN);
  frame ||= requestAnimationFrame(flow);
}

let arrived = 0;
function flow() {
  frame = 0;
  const note = one("[data-waiting]");
  note.hidden = waiting.length === 0 || !held();
  if (held()) {
    set(note, `${waiting.length === SHOWN ? `${SHOWN} or more` : waiting.length} wait`);
    return;
  }
  const fresh = waiting.filter((event) => !one(`[data-id="${event.id}"]`, list)).map(orderRow).reverse();
  waiting = [];
  note.hidden = true;
  const calm = performance.now() - arrived > CALM_MS && fresh.length <= 2;
  arrived = performance.now();
  for (const item of fresh) item.classList.toggle("new", calm); // in a rush, marks would cover everything
  list.prepend(...fresh);
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  list.hidden = list.children.length === 0;
  one('[data-none="orders"]').hidden = !list.hidden;
  if (fresh.length) say(`${fresh.length === 1 ? "A new order" : `${fresh.length} new orders`}`);
}

function orderRow(event) {
  const item = row("order-row");
  const { quantity, cents: amount } = event.fields;
  const time = one("time", item);
  const some = Number.isInteger(quantity);
  item.dataset.id = event.id;
  item.classList.toggle("void", event.kind === "order.cancelled");
  time.dateTime = moment(event.received_at).toISOString();
  time.textContent = seconds.format(moment(event.received_at));
  name(item, event.customer);
  set(one(".items", item), some ? `${number(quantity)} ${quantity === 1 ? "item" : "items"}` : "");
  set(one(".on", item), (some ? " · " : "") + event.device);
  set(one(".num", item), Number.isInteger(amount) ? money(amount) : "");
  const late = one(".late", item);
  late.hidden = event.quality === "none" || event.received_at - event.at <= Number(page.dataset.late);
  set(late, late.hidden ? "" : `late, ${short(event.at)}`);
  one(".bad", item).hidden = event.kind !== "order.cancelled";
  return item;
}

function name(item, customer) {
  const link = one(".id", item);
  set(link, customer === null ? "–" : visible(customer));
  if (customer === null) link.removeAttribute("href");
  else link.href = customerPath(customer);
}

function replaceOrders(fresh) {
  if (held()) return;
  const items = all("[data-stream] > li", fresh).map((item) => document.adoptNode(item));
  list.replaceChildren(...items);
  waiting = [];
  flow();
}

// ---- tiles ----
const drawers = { orders, rankings, rate, week, devices, mail, cloud, health };
const draw = (tile) => drawers[tile.tile]?.(tile);

function orders(tile) {
  const deck = one("[data-deck]");
  const shape = `${tile.hours.length}-${tile.hours[0].label}-${tile.before ? "then" : ""}`;
  if (deck.dataset.deck !== shape || bars(deck).length !== tile.hours.length) return void redraw();
  set(one('[data-orders="count"]'), number(tile.count));
  set(one('[data-orders="cancelled"]'), tile.cancelled ? ` · ${number(tile.cancelled)} cancelled` : "");
  set(one('[data-orders="cents"]'), money(tile.cents));
  set(one('[data-orders="average"]'), tile.average === null ? "–" : money(tile.average));
  bars(deck).forEach((bar, index) => {
    const hour = tile.hours[index];
    const before = hour.before === null ? "" : `, last ${tile.weekday} ${number(hour.before)}`;
    bar.setAttribute("class", index === tile.now_hour ? "part" : "day");
    bar.setAttribute("y", 96 - hour.high);
    bar.setAttribute("height", hour.high);
    set(one("title", bar), `${hour.label}:00: ${number(hour.count)}${before}`);
  });
  all(".axis span", deck).forEach((label, index) => label.classList.toggle("now", index === tile.now_hour));
  for (const [name, line] of Object.entries(tile.lines)) {
    for (const kind of ["then", "now", "tip"]) {
      one(`[data-line="${name}"] .${kind}`)?.setAttribute("d", line[kind]);
    }
  }
}

const bars = (deck) => all(".bars rect", deck);

function rankings(tile) {
  for (const place of all("[data-ranked]")) set(place, number(tile.ranked));
  if (tile.today !== null) set(one("[data-ranked-today]"), `${number(tile.today)} of them today`);
  for (const ranking of tile.rankings) {
    const part = one(`[data-ranking="${ranking.name}"][data-window="${ranking.window}"]`);
    if (!part || touched(part)) continue;
    const items = one("ol", part);
    while (items.children.length < ranking.rows.length) items.append(row("place-row"));
    while (items.children.length > ranking.rows.length) items.lastElementChild.remove();
    ranking.rows.forEach((found, index) => {
      const item = items.children[index];
      set(one(".place", item), number(found.rank));
      if (ranking.key === "customer") name(item, found.key);
      else set(one(".id", item), visible(found.key));
      move(one(".move", item), found, ranking.before_at);
      set(one(".score", item), number("money" in part.dataset ? Math.round(found.score / 100) : found.score));
      one(".fill", item).setAttribute("width", `${(100 * found.score / ranking.rows[0].score).toFixed(1)}%`);
    });
    one(".none", part).hidden = ranking.rows.length > 0;
  }
}

function move(part, { rank, rank_before }, beforeAt) {
  const up = (rank_before ?? rank) - rank;
  const fresh = beforeAt !== null && rank_before === null;
  part.className = `move${fresh ? " new" : beforeAt !== null && !up ? " same" : ""}`;
  if (beforeAt === null || fresh) return void set(part, fresh ? "new" : "");
  if (part.children.length !== 2) part.replaceChildren(document.createElement("span"), document.createElement("span"));
  const [mark, words] = part.children;
  mark.ariaHidden = "true";
  words.className = "vh";
  set(mark, up ? `${up > 0 ? "▲" : "▼"} ${number(Math.abs(up))}` : "–");
  set(words, up ? `${up > 0 ? "up" : "down"} ${number(Math.abs(up))}` : "as before");
}

function rate(tile) {
  set(one("[data-rate]"), number(tile.per_minute));
  one('[data-line="rate"] .now')?.setAttribute("d", tile.line);
}

function week(tile) {
  const part = one("[data-week]");
  const shape = `${tile.labels[0]}-${tile.labels.length}-${tile.days.at(-1).name}`;
  if (part.dataset.week !== shape) return void redraw();
  set(one("[data-busiest]"), tile.busiest);
  const cells = all("td", part);
  tile.days.flatMap((day) => day.cells).forEach(({ count, kind }, index) => {
    const cell = cells[index];
    if (cell.className !== kind) cell.className = kind;
    if (count !== null) set(cell, count ? number(count) : "–");
  });
}

const PRESENCE = { here: ["", "Here"], stale: ["stale", "Stale"], off: ["off", "Offline"], new: ["sleep", "New"], twice: ["stale", "Two with this name"] };

function devices(tile) {
  const here = one("[data-here]");
  set(here, `${tile.here} of ${tile.known} here`);
  here.hidden = one('[data-some="devices"]').hidden = tile.known === 0;
  one('[data-none="devices"]').hidden = tile.known > 0;
  one("[data-planks]").replaceChildren(...tile.planks.map((state) => {
    const plank = row("plank");
    plank.setAttribute("class", `plank ${state}`);
    return plank;
  }));
  one("[data-devices]").replaceChildren(...tile.rows.map((found) => {
    const item = row("device-row");
    const [kind, word] = PRESENCE[found.state];
    const pres = one(".pres", item);
    pres.className = `pres ${kind}`;
    set(pres, word);
    set(one(".id", item), found.name);
    one(".id", item).href = `/devices/${found.name}`;
    if (found.last_seen_at) one(".quiet", item).replaceChildren(since(found.last_seen_at), " ago");
    return item;
  }));
}

function since(at) {
  const time = document.createElement("time");
  time.dateTime = moment(at).toISOString();
  time.dataset.ago = "";
  time.title = `${short(at)}`;
  time.textContent = ago(at);
  return time;
}

function mail(tile) {
  const counts = { ...tile, waiting: tile.pending + tile.sending + tile.held };
  for (const place of all("[data-mail]")) set(place, number(counts[place.dataset.mail]));
}

function cloud(tile) {
  if (tile.mode === "off") return;
  const part = (name) => one(`[data-cloud="${name}"]`);
  set(part("waiting"), number(tile.waiting));
  part("oldest").replaceChildren(tile.oldest_at ? since(tile.oldest_at) : "–");
  set(part("sent"), tile.last_sent_at ? short(tile.last_sent_at) : "–");
  set(part("units"), tile.units_per_s.toFixed(1));
  const share = tile.write_units ? Math.min(100, 100 * tile.units_per_s / tile.write_units) : 0;
  one("[data-cloud-bar]").setAttribute("width", `${share.toFixed(1)}%`);
  const ready = tile.waiting ? "On its way" : "Everything is in the cloud";
  set(part("state"), tile.error ? "Not reached; everything is kept here" : ready);
}

function text(name, content) {
  return Object.assign(document.createElement(name), { textContent: content });
}

function health(tile) {
  const kinds = { error: "bad", warning: "late", note: "" };
  one("[data-notices]").replaceChildren(...tile.findings.map(({ weight, cause, cure }) => {
    const item = document.createElement("p");
    item.className = `note ${kinds[weight]}`;
    const words = document.createElement("span");
    words.append(text("b", cause), " ", text("span", cure));
    item.append(words);
    return item;
  }));
}

// ---- begin ----
if (page) {
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    flow();
  });
  for (const kind of ["pointerleave", "focusout"]) list.addEventListener(kind, () => setTimeout(flow));
  follow("kind=order.placed,order.cancelled&newest=20", Number(page.dataset.live), { state: draw, event: arrive, reset: redraw });
}
