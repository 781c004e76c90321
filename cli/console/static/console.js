// Keeps the page as the bot is: what the server renders anew replaces what has changed. Without it all pages work, too.
"use strict";

const REFRESH_MS = 400;
const HEADERS = { "X-Requested-With": "twbot-console" };

// The parts of this page that are live are read again from the server, which escapes everything. A document that is
// parsed like this runs nothing: https://developer.mozilla.org/docs/Web/API/DOMParser
async function refresh() {
  const answer = await fetch(location.href, { headers: HEADERS });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of document.querySelectorAll("[data-live]")) {
    const now = region.id && fresh.getElementById(region.id);
    if (now) morph(region, now);
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
  return copy.isEqualNode(fresh);
}

function isInUse(element) {
  const chosen = getSelection();
  return element.contains(document.activeElement) || (chosen && !chosen.isCollapsed && element.contains(chosen.anchorNode));
}

let waiting = null;
function refreshSoon() {
  waiting ??= setTimeout(async () => {
    try { await refresh(); } catch { /* the stream says when the bot is back */ } finally { waiting = null; }
  }, REFRESH_MS);
}

const isLive = (type) => [...document.querySelectorAll("[data-live]")].some((each) => {
  const types = each.dataset.live.split(" ");
  return types.includes("*") || types.includes(type);
});

function line(event) {
  const item = document.createElement("li");
  const add = (tag, text, name) => {
    const part = document.createElement(tag);
    part.textContent = text;
    if (name) part.className = name;
    item.append(part);
    return part;
  };
  add("span", event.time, "dim");
  add("b", event.type);
  if (event.post) add("a", event.post).href = `/post/${encodeURIComponent(event.post)}`;
  add("span", (event.author ? `@${event.author} ` : "") + event.text + (event.replay ? ` [${event.replay}]` : ""), "text");
  return item;
}

function show(event) {
  for (const list of document.querySelectorAll("[data-bus]")) {
    const filter = document.querySelector(list.dataset.filter || null)?.value.trim().toLowerCase();
    if (filter && !`${event.type} ${event.author} ${event.post} ${event.text}`.toLowerCase().includes(filter)) continue;
    list.prepend(line(event));
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
  const says = document.getElementById("connection");
  stream = new EventSource("/live");
  stream.addEventListener("open", () => { says.textContent = ""; });
  stream.addEventListener("error", () => { says.textContent = "The console does not answer; trying again …"; });
  // Sent by the server at its start, and where it left something out.
  stream.addEventListener("reload", refreshSoon);
  stream.addEventListener("message", (message) => {
    const event = JSON.parse(message.data);
    show(event);
    if (isLive(event.type)) refreshSoon();
  });
}

document.addEventListener("visibilitychange", listen);
document.addEventListener("click", async (click) => {
  const button = click.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const before = button.textContent;
  button.textContent = "copied";
  setTimeout(() => { button.textContent = before; }, 1200);
});
document.addEventListener("submit", (submit) => {
  const question = submit.submitter?.dataset.confirm;
  if (question && !confirm(question)) { submit.preventDefault(); return; }
  submit.submitter?.setAttribute("aria-busy", "true");
});
for (const zone of document.querySelectorAll(".drop")) {
  const input = zone.querySelector("input[type=file]");
  zone.addEventListener("dragover", (drag) => { drag.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (drag) => { drag.preventDefault(); zone.classList.remove("over"); input.files = drag.dataTransfer.files; });
}
listen();
