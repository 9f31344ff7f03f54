// One by one: keys, undo, zoom, a note, and the next logo at once.
//
// Going on does not load a page: the next two are fetched ahead, pictures and all, and
// put in place. Every part of the page that differs between logos is a [data-part].

import { openShortlist } from "./approvals.js";
import { openMarks } from "./marks.js";
import * as messages from "./messages/looking.js";
import { recall, remember } from "./storage.js";
import { openZoom } from "./zoom.js";

const form = document.querySelector("[data-ballot]");
const card = form.querySelector("[data-family]");
const help = document.getElementById("keys");
const GROUND_KEY = "logovote:ground";
const KEYS_KEY = "logovote:keys";
const ADVANCE_KEY = "logovote:advance";
const LAB_KEY = "logovote:lab";
const AHEAD = 2;
const PATIENCE = 300; // ms before a page that waits for the network says so
const ADVANCE_REST = 350; // ms to see the star take its colour

const find = (selector, root = document) => root.querySelector(selector);

// ---------- marks ----------

// What this visit wrote, for pages that were fetched before.
const notes = new Map();
const asides = new Map();

function sayNote(text) {
  find("[data-note-status]").textContent = text;
}

const marks = openMarks(form, {
  onTaken: (family) => {
    if (family === card.dataset.family && notes.has(family)) sayNote(messages.noteSaved);
  },
  onRefused: (family, why) => {
    if (family === card.dataset.family && notes.has(family)) sayNote(messages.noteRefused(why));
  },
  onAway: (state, why) => {
    if (marks.pending().get(card.dataset.family)?.note === undefined) return;
    if (state === "paused") sayNote(messages.notePaused(why));
    else sayNote(state ? messages.noteSignedOut : messages.noteOffline);
  },
});
for (const [family, { note }] of marks.pending()) if (note !== undefined) notes.set(family, note);

const shortlist = openShortlist(
  form,
  {
    pending: marks.pending,
    set(family, change) {
      asides.set(family, change.not_for_me);
      marks.set(family, change);
    },
  },
  () => {},
  advance,
);

// Of a field, browsers bring only the line with the caret into view.
form.addEventListener("focusin", ({ target }) => {
  if (target.matches("[data-note]")) requestAnimationFrame(() => target.scrollIntoView({ block: "nearest" }));
});

form.addEventListener("input", (event) => {
  if (!event.target.matches("[data-note]")) return;
  const { family } = card.dataset;
  notes.set(family, event.target.value);
  marks.set(family, { note: event.target.value });
  sayNote(messages.noteKept);
});

// ---------- going on ----------

const pages = new Map();

/** Fetch a logo's page and its picture; what failed is asked for again. */
function pageAt(address) {
  if (!pages.has(address)) {
    const coming = fetch(address)
      .then(async (response) => {
        if (!response.ok || response.redirected) throw new Error(String(response.status));
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const picture = new Image();
        picture.src = find("[data-stage] img", page).getAttribute("src");
        page.picture = picture.decode().catch(() => {});
        return page;
      })
      .catch((error) => {
        pages.delete(address);
        throw error;
      });
    pages.set(address, coming);
  }
  return pages.get(address);
}

async function lookAhead() {
  let page = document;
  for (let step = 0; step < AHEAD; step += 1) {
    const next = find('[data-go="next"]', page)?.getAttribute("href");
    if (!next) return;
    try {
      page = await pageAt(new URL(next, location).href);
      await page.picture;
    } catch {
      return; // offline: the link itself will say so
    }
  }
}

function put(page) {
  const held = document.activeElement?.closest("[data-part]")?.dataset.part;
  for (const ours of document.querySelectorAll("[data-part]")) {
    const theirs = find(`[data-part="${ours.dataset.part}"]`, page);
    ours.replaceChildren(...Array.from(theirs.childNodes, (node) => document.importNode(node, true)));
  }
  const theirs = find("[data-family]", page);
  for (const name of ["family", "entry"]) card.dataset[name] = theirs.dataset[name];
  card.toggleAttribute("data-aside", asides.get(card.dataset.family) ?? "aside" in theirs.dataset);
  form.elements.from.value = find("[name=from]", page).value;
  document.title = page.title;
  shortlist.refresh();
  opened();
  if (held) {
    const part = find(`[data-part="${held}"]`);
    const target = find("a, button, [tabindex]", part) ?? find("#main");
    target.focus({ preventScroll: true });
  }
  find("[data-where]").textContent = messages.where(find("h1").textContent, find(".solo-head .num").textContent);
}

/** What there is to do whenever a logo has come on the stage. */
function opened() {
  const { family } = card.dataset;
  marks.seen(family); // opened is seen
  if (notes.has(family)) find("[data-note]").value = notes.get(family);
  zoom.reset();
  ground(recall(GROUND_KEY, "sessionStorage") ?? "own");
  lookAhead();
}

const here = () => location.pathname + location.search;
let at = here(); // the address of what is on the stage
let going = 0;

async function go(address, isNew = true) {
  going += 1;
  const turn = going;
  const waiting = setTimeout(() => find("[data-stage]").setAttribute("aria-busy", "true"), PATIENCE);
  try {
    const page = await pageAt(address);
    if (turn !== going) return;
    if (isNew) history.pushState(null, "", address);
    at = here();
    put(page);
  } catch {
    if (turn === going) location.assign(address);
  } finally {
    clearTimeout(waiting);
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest('[data-go="next"], [data-go="previous"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  go(link.href);
});
// A jump within the page, such as to its content, is a step of the history, too.
addEventListener("popstate", () => here() !== at && go(location.href, false));

const follow = (name) => find(`[data-go="${name}"]`)?.click();

function advance() {
  if (recall(ADVANCE_KEY) !== "on") return;
  const { family } = card.dataset;
  setTimeout(() => family === card.dataset.family && follow("next"), ADVANCE_REST);
}

const zoom = openZoom(
  () => document.querySelectorAll("[data-stage]"),
  (way) => follow(way > 0 ? "next" : "previous"),
);

// ---------- the ground ----------

function ground(name) {
  const stage = find("[data-stage]");
  const shade = name === "own" ? stage.dataset.shade : name;
  for (const mark of document.querySelectorAll("[data-stage], .sizes .mark")) {
    mark.classList.toggle("ground-dark", shade === "dark");
    mark.classList.toggle("ground-light", shade === "light");
    mark.querySelector(".lab-ground")?.toggleAttribute("hidden", name !== "own");
  }
  for (const button of document.querySelectorAll("[data-grounds] button"))
    button.setAttribute("aria-pressed", String(button.dataset.ground === name));
}

find("[data-grounds]").addEventListener("click", (event) => {
  const name = event.target.closest("button")?.dataset.ground;
  if (!name) return;
  ground(name);
  remember(GROUND_KEY, name, "sessionStorage");
});

const fold = find("[data-lab-fold]");
if (recall(LAB_KEY, "sessionStorage")) fold.open = true;
fold.addEventListener("toggle", () => remember(LAB_KEY, fold.open || null, "sessionStorage"));

// ---------- keys ----------

const star = () => find(".act [data-tick]");
const aside = () => find(".act [data-aside-tick]");

function clear() {
  shortlist.toggle(star(), false);
  shortlist.toggleAside(aside(), false);
}

const pick = () => shortlist.toggle(star(), true);
const keys = {
  ArrowLeft: () => follow("previous"),
  ArrowRight: () => follow("next"),
  Escape: () => follow("back"),
  p: pick,
  s: pick,
  f: pick,
  x: () => shortlist.toggleAside(aside(), true),
  u: clear,
  z: () => shortlist.undo(),
  "+": () => zoom.larger(),
  "=": () => zoom.larger(),
  "-": () => zoom.smaller(),
  0: () => zoom.reset(),
  i: () => find("[data-note]").focus(),
  "?": () => help.showModal(),
};

// Single letters act only where nobody types, and never together with Ctrl, Alt or
// Cmd, which belong to the browser. They can be switched off (speech input says letters).
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || find("dialog[open]")) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || recall(KEYS_KEY) === "off") return;
  const deed = keys[event.key] ?? keys[event.key.toLowerCase()];
  if (!deed) return;
  event.preventDefault();
  deed();
});

find("[data-help]").addEventListener("click", () => help.showModal());
for (const [selector, key, on, off] of [
  ["[data-keys-switch]", KEYS_KEY, null, "off"],
  ["[data-advance-switch]", ADVANCE_KEY, "on", null],
]) {
  const box = find(selector);
  box.checked = recall(key) === on;
  box.addEventListener("change", () => remember(key, box.checked ? on : off));
}

opened();
