// One stream of server-sent events, and what the page says of it: live, paused, reconnecting, or as of some time.
import { ago, all, minutes, one, seconds, set } from "./words.js";

const AS_OF_MS = 30000;
const SILENT_MS = 20000; // the edge tells something every 5 s
const TOP_WAIT_MS = 8000; // between two tries
const TICK_MS = 1000;
const LEAP_MS = 10000;
let heardAt = Date.now(); // by the clock on the wall, which people see and which may be set
let silentFrom = performance.now(); // the newest of: something came, an attempt began
let tickedAt = Date.now();
let stream = null;
let open = false;
let nextTryAt = 0;
let tries = 0;
let last = 0;
let wants = null;
let why = "";

// query: what the stream is asked for. newest: the event that the page was drawn with.
// state, event, reset: called with what comes.
export function follow(query, newest, callbacks) {
  last = newest;
  wants = { query, ...callbacks };
  addEventListener("online", again);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : again()));
  tick();
  setInterval(tick, TICK_MS);
}

// Say that the page is not drawn anew for now, and why; "" when it is again.
export function hold(reason) {
  if (why === reason) return;
  why = reason;
  tick();
}

function conn(kind, word, rest) {
  for (const place of all("[data-conn]")) {
    if (!place.classList.contains(kind || "live")) {
      place.className = `conn ${kind || "live"}`;
      if (kind !== "") say(word);
    }
    set(one("b", place), word);
    set(one("span", place), rest);
  }
  for (const tile of all(".tile")) {
    tile.classList.toggle("stale", kind === "past");
    if (kind === "past") set(one(".asof", tile), word.toLowerCase());
  }
}

function tick() {
  const now = Date.now();
  // A laptop slept, or its clock was set: what was open may be dead, and no wait counts any more.
  if (Math.abs(now - tickedAt - TICK_MS) > LEAP_MS) again();
  tickedAt = now;
  const silent = performance.now() - silentFrom;
  if (stream && silent > SILENT_MS) lost();
  if (!stream && !document.hidden && performance.now() >= nextTryAt) connect();
  const wait = Math.max(1, Math.ceil((nextTryAt - performance.now()) / 1000));
  if (open && silent < SILENT_MS - 5000) conn(why && "held", why ? "Paused" : "Live", why || seconds.format(now));
  else if (Math.abs(now - heardAt) < AS_OF_MS) conn("busy", "Reconnecting", stream ? "" : `next try in ${wait} s`);
  else conn("past", `As of ${minutes.format(heardAt)}`, `edge not reached for ${ago(heardAt)}`);
  for (const time of all("time[data-ago]")) set(time, ago(Date.parse(time.dateTime)));
}

let sayAt = 0;
export function say(text) {
  if (Date.now() - sayAt < 60000 && !text.startsWith("As of")) return;
  sayAt = Date.now();
  set(one("[data-say]"), text);
}

function connect() {
  silentFrom = performance.now();
  stream = new EventSource(`/api/v1/live?${wants.query}&after=${last}`);
  stream.addEventListener("open", heard);
  stream.addEventListener("state", (event) => { heard(); wants.state(JSON.parse(event.data)); });
  stream.addEventListener("event", (event) => { heard(); last = Number(event.lastEventId); wants.event(JSON.parse(event.data)); });
  stream.addEventListener("reset", (event) => { heard(); last = Number(event.lastEventId); wants.reset(); });
  stream.addEventListener("error", lost);
}

function heard() {
  heardAt = Date.now();
  silentFrom = performance.now();
  tries = 0;
  if (open) return;
  open = true;
  tick();
}

// A browser opens six connections to a server; pages that nobody sees leave them to the others.
function leave() {
  stream?.close();
  stream = null;
  open = false;
}

function again() {
  leave();
  tries = 0;
  nextTryAt = 0;
  setTimeout(tick);
}

async function lost() {
  if (!stream) return;
  leave();
  tries += 1;
  nextTryAt = performance.now() + Math.min(TOP_WAIT_MS, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);
  tick();
  const answer = await fetch("/api/v1/rankings", { signal: AbortSignal.timeout(SILENT_MS) }).catch(() => null);
  if (answer && answer.status === 401) location.assign("/sign-in");
}
