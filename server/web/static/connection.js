// One stream of server-sent events, and what the page says of it: live, reconnecting, or as of some time.
import { ago, all, minutes, one, seconds, set } from "./words.js";

const AS_OF_MS = 30000;
let heardAt = Date.now();
let stream = null;
let nextTryAt = 0;
let tries = 0;
let last = 0;
let wants = null;

// query: what the stream is asked for. newest: the event that the page was drawn with.
// state, event, reset: called with what comes.
export function follow(query, newest, callbacks) {
  last = newest;
  wants = { query, ...callbacks };
  addEventListener("online", () => { nextTryAt = 0; tick(); });
  addEventListener("pagehide", () => stream?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  connect();
  tick();
  setInterval(tick, 1000);
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
  const silent = now - heardAt;
  const wait = Math.max(1, Math.ceil((nextTryAt - now) / 1000));
  if (stream && silent < 15000) conn("", "Live", seconds.format(now));
  else if (silent < AS_OF_MS) conn("busy", "Reconnecting", stream ? "" : `next try in ${wait} s`);
  else conn("past", `As of ${minutes.format(heardAt)}`, `edge not reached for ${ago(heardAt)}`);
  for (const time of all("time[data-ago]")) set(time, ago(Date.parse(time.dateTime)));
  if (!stream && now >= nextTryAt) connect();
  if (stream && silent > 20000) lost();
}

let sayAt = 0;
export function say(text) {
  if (Date.now() - sayAt < 60000 && !text.startsWith("As of")) return;
  sayAt = Date.now();
  set(one("[data-say]"), text);
}

function connect() {
  stream = new EventSource(`/api/v1/live?${wants.query}&after=${last}`);
  stream.addEventListener("open", heard);
  stream.addEventListener("state", (event) => { heard(); wants.state(JSON.parse(event.data)); });
  stream.addEventListener("event", (event) => { heard(); last = Number(event.lastEventId); wants.event(JSON.parse(event.data)); });
  stream.addEventListener("reset", (event) => { heard(); last = Number(event.lastEventId); wants.reset(); });
  stream.addEventListener("error", lost);
}

function heard() {
  heardAt = Date.now();
  tries = 0;
}

async function lost() {
  if (!stream) return;
  stream.close();
  stream = null;
  tries += 1;
  nextTryAt = Date.now() + Math.min(15000, 1000 * 2 ** Math.min(tries, 4)) * (0.5 + Math.random() / 2);
  tick();
  const answer = await fetch("/api/v1/rankings").catch(() => null);
  if (answer && answer.status === 401) location.assign("/sign-in");
}
