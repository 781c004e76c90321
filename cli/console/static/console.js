// Keeps the page as the bot is: what the server renders anew replaces what has changed. Without it all pages work, too.
"use strict";

const REFRESH_MS = 400;
const LIVE = ["[data-live], [data-poll]", { "X-Twbot-Refresh": "live" }];
const ALL = ["[data-live], [data-poll], [data-bus]", {}];

// The parts of this page that are live are read again from the server, which escapes everything. A document that is
// parsed like this runs nothing: https://developer.mozilla.org/docs/Web/API/DOMParser
async function refresh(regions, headers) {
  const answer = await fetch(location.href, { headers });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of document.querySelectorAll(regions)) {
    const now = region.id && !isHeld(region) && fresh.getElementById(region.id);
    if (!now) continue;
    morph(region, now);
    if (now.dataset.poll !== undefined) region.dataset.poll = now.dataset.poll;
  }
}

// Replaces only the children that differ: what one reads, has opened or has selected stays where it is.
function morph(old, fresh) {
  const known = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
  if ([...fresh.children].some((each) => !each.id)) {
    if (!old.isEqualNode(fresh) && !isInUse(old)) old.replaceChildren(...fresh.childNodes);
    return;
  }
  let place = old.firstElementChild;
  for (const child of [...fresh.children]) {
    let mine = known.get(child.id);
    known.delete(child.id);
    if (!mine || (!same(mine, child) && !isInUse(mine))) {
      const made = document.importNode(child, true);
      if (mine) {
        for (const each of mine.querySelectorAll("details[open][id]")) made.querySelector(`#${CSS.escape(each.id)}`)?.setAttribute("open", "");
        if (place === mine) place = made;
        mine.replaceWith(made);
      }
      made.classList.add("fresh");
      mine = made;
    }
    if (mine === place) place = place.nextElementSibling;
    else old.insertBefore(mine, place);
  }
  for (const gone of known.values()) gone.remove();
}

function same(old, fresh) {
  const copy = old.cloneNode(true);
  copy.classList.remove("fresh");
  if (!copy.classList.length) copy.removeAttribute("class");
  for (const each of copy.querySelectorAll("details[open][id]")) each.removeAttribute("open");
  for (const each of copy.querySelectorAll("[data-loaded]")) each.remove();
  return copy.isEqualNode(fresh);
}

function isInUse(element) {
  const chosen = getSelection();
  return element.contains(document.activeElement) || (chosen && !chosen.isCollapsed && element.contains(chosen.anchorNode));
}

const isHeld = (list) => document.querySelector(`[data-hold="${CSS.escape(list.id)}"]`)?.checked;

const LOST = "The console does not answer; trying again …";
const connection = (says) => { document.getElementById("connection").textContent = says; };

let waiting = null, wanted = LIVE;
function refreshSoon(what = LIVE) {
  if (what === ALL) wanted = ALL;
  waiting ??= setTimeout(async () => {
    const now = wanted;
    wanted = LIVE;
    try {
      await refresh(...now);
      connection("");
    } catch {
      connection(LOST);
    } finally { waiting = null; }
  }, REFRESH_MS);
}

const isLive = (type) => [...document.querySelectorAll("[data-live]")].some((each) => {
  const types = each.dataset.live.split(" ");
  return types.includes("*") || types.includes(type);
});

// A line comes as the server renders it, as in the list itself.
function show(event) {
  for (const list of document.querySelectorAll("[data-bus]")) {
    if (!event.line || isHeld(list)) continue;
    const item = new DOMParser().parseFromString(event.line, "text/html").body.firstElementChild;
    if (document.getElementById(item.id)) continue;
    document.getElementById("no-events")?.remove();
    list.prepend(document.importNode(item, true));
    while (list.children.length > Number(list.dataset.bus)) list.lastElementChild.remove();
  }
}

// One stream a window, and none for a window that nobody looks at: browsers open six connections to a server at most.
let stream = null;
function listen() {
  if (document.hidden) {
    stream?.close();
    stream = null;
    return;
  }
  if (stream || !document.querySelector("[data-live], [data-bus]")) return;
  stream = new EventSource(`/live?${document.querySelector("[data-query]")?.dataset.query ?? ""}`);
  stream.addEventListener("open", () => connection(""));
  stream.addEventListener("error", () => connection(LOST));
  // Sent by the server at its start, and where it left something out.
  stream.addEventListener("reload", () => refreshSoon(ALL));
  // What no event tells of may have changed. A list of events has not, and reading it takes a while on AWS.
  stream.addEventListener("quiet", () => refreshSoon());
  stream.addEventListener("message", (message) => {
    const event = JSON.parse(message.data);
    happenedAt = Date.now();
    show(event);
    if (isLive(event.type)) refreshSoon();
  });
}

// What no event tells of is asked for: regions with data-poll="MILLISECONDS", which is empty where nothing goes on.
let asked = Date.now();
setInterval(() => {
  const periods = [...document.querySelectorAll("[data-poll]")].map((each) => Number(each.dataset.poll)).filter(Boolean);
  if (document.hidden || !periods.length || Date.now() - asked < Math.min(...periods)) return;
  asked = Date.now();
  refreshSoon();
}, 500);

document.addEventListener("visibilitychange", listen);
document.addEventListener("click", async (click) => {
  const button = click.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const before = button.textContent;
  button.textContent = "copied";
  setTimeout(() => { button.textContent = before; }, 1200);
});
// What a line of a list opens with is on a page of its own, as the whole would be much to load at once.
document.addEventListener("toggle", async (toggle) => {
  const { open, dataset: { more } } = toggle.target;
  if (!open || !more || toggle.target.querySelector("[data-loaded]")) return;
  const answer = await fetch(more);
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(answer.ok ? "more" : "main");
  if (!found || toggle.target.querySelector("[data-loaded]")) return;
  const loaded = document.importNode(found, true);
  loaded.removeAttribute("id");
  loaded.dataset.loaded = "";
  toggle.target.append(loaded);
}, true);
document.addEventListener("change", (change) => {
  if (change.target.dataset.hold && !change.target.checked) refreshSoon(ALL);
});
document.addEventListener("submit", (submit) => {
  submit.submitter?.setAttribute("aria-busy", "true");
});
// A page that one goes back to is as it was left: its button still busy.
addEventListener("pageshow", () => {
  for (const each of document.querySelectorAll("[aria-busy]")) each.removeAttribute("aria-busy");
});
document.addEventListener("keydown", (key) => {
  if (key.key === "Enter" && (key.ctrlKey || key.metaKey) && key.target.matches("[data-submit]")) key.target.form.requestSubmit();
});
for (const zone of document.querySelectorAll(".drop")) {
  const input = zone.querySelector("input[type=file]");
  zone.addEventListener("dragover", (drag) => { drag.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (drag) => { drag.preventDefault(); zone.classList.remove("over"); input.files = drag.dataTransfer.files; });
}

// An element with data-from is read anew from there: every data-every seconds, and after an event, but not more often
// than each 10 seconds. Not while one uses it, or nobody looks.
const MIN_REREAD_MS = 10_000;
const readAt = new Map();
let happenedAt = 0;
async function reread(part) {
  readAt.set(part.id, Date.now());
  const answer = await fetch(part.dataset.from);
  if (!answer.ok || isInUse(part)) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
  if (!fresh || !part.isConnected || same(part, fresh)) return;
  const made = document.importNode(fresh, true);
  for (const each of part.querySelectorAll("details[open][id]")) made.querySelector(`#${CSS.escape(each.id)}`)?.setAttribute("open", "");
  part.replaceWith(made);
}
setInterval(() => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[data-from]")) {
    if (!readAt.has(part.id)) readAt.set(part.id, Date.now());
    const age = Date.now() - readAt.get(part.id);
    if (age >= part.dataset.every * 1000 || (happenedAt > readAt.get(part.id) && age >= MIN_REREAD_MS)) {
      reread(part).catch(() => { /* the next time, perhaps */ });
    }
  }
}, 1000);
listen();
