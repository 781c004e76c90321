// Keeps the page as the simulated X is, and takes dropped pictures. Without it every page works, too.
"use strict";

const REFRESH_MS = 300;
const AGAIN_MS = 10_000;
const REACHED = "a[href], button, summary";
const TYPED = "input, textarea, select";

// Reads the page again: what the server escaped stays text. A document that is parsed like this runs nothing.
function read(whenRead) {
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.addEventListener("load", () => { if (request.status === 200 && request.response) whenRead(request.response); });
  request.send();
}

function refresh() {
  read((fresh) => {
    document.documentElement.dataset.revision = fresh.documentElement.dataset.revision;
    for (const region of document.querySelectorAll("[data-live]")) {
      const now = fresh.getElementById(region.id);
      if (now) renew(region, now);
    }
  });
}

// The children of a live region have ids. Those that differ are replaced, unless somebody types or selects in them.
function renew(region, fresh) {
  const known = new Map([...region.children].map((child) => [child.id, child]));
  let before = region.firstElementChild;
  for (const child of [...fresh.children]) {
    let mine = known.get(child.id);
    known.delete(child.id);
    if (mine && mine === before) before = before.nextElementSibling;
    if (!mine || (!looksLike(mine, child) && !isInUse(mine))) {
      const made = document.importNode(child, true);
      if (mine) {
        for (const open of mine.querySelectorAll("details[open]")) made.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
        const focused = [...mine.querySelectorAll(REACHED)].indexOf(document.activeElement);
        mine.replaceWith(made);
        made.querySelectorAll(REACHED)[focused]?.focus({ preventScroll: true });
      }
      mine = made;
    }
    if (mine.parentNode !== region || mine.nextElementSibling !== before) region.insertBefore(mine, before);
  }
  for (const gone of known.values()) gone.remove();
}

function looksLike(mine, fresh) {
  const copy = mine.cloneNode(true);
  for (const open of copy.querySelectorAll("details[open]")) open.removeAttribute("open");
  return copy.isEqualNode(fresh);
}

let leftOut = false;
function isInUse(element) {
  const chosen = getSelection();
  const typing = document.activeElement.matches(TYPED) && element.contains(document.activeElement);
  const inUse = typing || (!chosen.isCollapsed && element.contains(chosen.anchorNode));
  leftOut ||= inUse;
  return inUse;
}

// What was left out is made good as soon as nobody is there any more.
function freed() {
  if (leftOut && getSelection().isCollapsed) { leftOut = false; refreshSoon(); }
}

let waiting = null;
function refreshSoon() {
  waiting ??= setTimeout(() => { waiting = null; refresh(); }, REFRESH_MS);
}

// No stream for a window that nobody looks at: browsers open six connections to a server at most.
let stream = null;
function listen() {
  if (document.hidden) {
    stream?.close();
    stream = null;
    return;
  }
  if (stream || !document.querySelector("[data-live]")) return;
  const says = document.getElementById("connection");
  stream = new EventSource("/page/live");
  stream.addEventListener("open", () => { says.textContent = ""; });
  stream.addEventListener("message", (message) => {
    if (message.data !== document.documentElement.dataset.revision) refreshSoon();
  });
  stream.addEventListener("error", () => {
    says.textContent = "The simulated X does not answer; trying again …";
    // Refused for good, as where too many windows are open.
    if (stream?.readyState === EventSource.CLOSED) { stream = null; setTimeout(listen, AGAIN_MS); }
  });
}

document.addEventListener("visibilitychange", listen);
document.addEventListener("selectionchange", freed);
document.addEventListener("focusout", freed);
document.addEventListener("submit", (submit) => {
  const question = submit.submitter?.dataset.confirm;
  if (question && !confirm(question)) submit.preventDefault();
});
for (const zone of document.querySelectorAll(".drop")) {
  const input = zone.querySelector("input[type=file]");
  zone.addEventListener("dragover", (drag) => { drag.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (drag) => {
    drag.preventDefault();
    zone.classList.remove("over");
    if (drag.dataTransfer.files.length) input.files = drag.dataTransfer.files;
  });
}
listen();
