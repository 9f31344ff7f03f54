// The ranking ballot: two lists, ordered by drag, buttons, keys or a typed place. The
// page works without this file: every button is a submit button of one form.

import Sortable from "../vendor/sortablejs-1.15.7/sortable.esm.js";
import { openBallot } from "./ballot.js";
import * as messages from "./messages/voting.js";
import * as tiers from "./tiers.js";
import { withUndo } from "./undo.js";

const form = document.querySelector("[data-ballot]");
const rankedList = form.querySelector("[data-ranked]");
const unrankedList = form.querySelector("[data-unranked]");
const rows = new Map(Array.from(form.querySelectorAll("[data-id]"), (row) => [row.dataset.id, row]));
const still = matchMedia("(prefers-reduced-motion: reduce)");

let lines = [];

/** Do `work`, which moves rows, and let them glide to where they belong. */
function glide(work) {
  const before = new Map(Array.from(rows.values(), (row) => [row, row.getBoundingClientRect().top]));
  work();
  if (still.matches) return;
  for (const [row, top] of before) {
    const way = top - row.getBoundingClientRect().top;
    if (way) row.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], { duration: 160, easing: "ease-out" });
  }
}

function paintRow(row, i) {
  const ranked = i >= 0;
  const shared = ranked && tiers.isShared(lines, i);
  const tied = ranked && lines[i].tied;
  row.toggleAttribute("data-tied", tied);
  row.querySelector("[data-place]").textContent = ranked ? tiers.placeOf(lines, i) + (shared ? "=" : "") : "";
  row.querySelector("[data-place-field]").value = ranked ? tiers.placeOf(lines, i) : "";
  for (const element of row.querySelectorAll("[data-when]"))
    element.hidden = (element.dataset.when === "ranked") !== ranked;
  row.querySelector("[data-verb=tie]").setAttribute("aria-pressed", String(tied));
  const ends = { up: i === 0 && !shared, top: i === 0 && !shared, tie: i === 0, down: i === lines.length - 1 && !shared };
  for (const [verb, atEnd] of Object.entries(ends))
    row.querySelector(`[data-verb=${verb}]`).setAttribute("aria-disabled", String(atEnd));
}

/** What of `items` has a row: the ballot may name a logo withdrawn since it was saved. */
const standing = (items) => items.map((tier) => tier.filter((id) => rows.has(id))).filter((tier) => tier.length);

function paint(items) {
  lines = tiers.fromItems(standing(items));
  glide(() => {
    const ids = new Set(lines.map((line) => line.id));
    // Moving a row takes the focus from it, so only move what is out of place.
    lines.forEach(({ id }, i) => {
      if (rankedList.children[i] !== rows.get(id)) rankedList.insertBefore(rows.get(id), rankedList.children[i] ?? null);
    });
    for (const [id, row] of rows) if (!ids.has(id) && row.parentElement !== unrankedList) unrankedList.append(row);
    for (const [id, row] of rows) paintRow(row, tiers.indexOf(lines, id));
  });
  for (const text of form.querySelectorAll("[data-empty]"))
    text.hidden = (text.dataset.empty === "ranked" ? lines.length : rows.size - lines.length) > 0;
  for (const element of document.querySelectorAll("[data-count]")) element.textContent = lines.length;
}

const nameOf = (id) => rows.get(id)?.dataset.name ?? id;
const outline = (words, items) => words.ordered(items.map((tier) => tier.map(nameOf)));

const apply = (items) => {
  paint(items);
  steps.show();
};
const ballot = openBallot(form, apply, outline);
const steps = withUndo(form, ballot, paint, () => ballot.say(messages.undone));

function describe(row, next) {
  const i = tiers.indexOf(next, row.dataset.id);
  if (i < 0) return messages.takenOut(row.dataset.name);
  const place = tiers.placeOf(next, i);
  if (tiers.isShared(next, i)) return messages.shares(row.dataset.name, place);
  return messages.moved(row.dataset.name, place, next.length);
}

function order(row, next) {
  const focused = document.activeElement;
  ballot.say(describe(row, next));
  steps.change(tiers.toItems(next));
  if (row.contains(focused) && !focused.closest("[hidden]")) focused.focus();
}

const verbs = {
  up: (id) => tiers.moveUp(lines, id),
  down: (id) => tiers.moveDown(lines, id),
  top: (id) => tiers.moveTo(lines, id, 0),
  bottom: (id) => [...tiers.remove(lines, id), { id, tied: false }],
  rank: (id) => [...lines, { id, tied: false }],
  out: (id) => tiers.remove(lines, id),
  tie: (id) => tiers.setTied(lines, id, !lines[tiers.indexOf(lines, id)].tied),
};

function act(row, verb) {
  if (ballot.stopped()) return;
  const next = verbs[verb](row.dataset.id);
  if (JSON.stringify(next) === JSON.stringify(lines)) {
    ballot.note((verb === "down" || verb === "bottom" ? messages.atTheEnd : messages.atTheTop)(row.dataset.name));
    return;
  }
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  order(row, next);
  // The pressed button is gone: go on with the next row, or stay with this one.
  if (verb === "rank") (neighbour ?? row).querySelector(neighbour ? "[data-verb=rank]" : "[data-verb=up]").focus();
  if (verb === "out") row.querySelector("[data-verb=rank]").focus({ preventScroll: true });
}

form.addEventListener("submit", (event) => event.preventDefault());

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-verb]");
  if (button) act(button.closest("[data-id]"), button.dataset.verb);
});

form.addEventListener("change", (event) => {
  const field = event.target.closest("[data-place-field]");
  if (!field || ballot.stopped()) return;
  const row = field.closest("[data-id]");
  const place = field.valueAsNumber;
  if (!field.value && tiers.indexOf(lines, row.dataset.id) >= 0) act(row, "out");
  else if (place >= 1) order(row, tiers.moveToPlace(lines, row.dataset.id, Math.round(place)));
  else paint(ballot.items());
});

form.addEventListener("keydown", (event) => {
  const verb = { ArrowUp: "up", ArrowDown: "down", Home: "top", End: "bottom" }[event.key];
  const row = event.target.closest("[data-ranked] [data-id]");
  if (!row || !verb || !event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  act(row, verb);
});

if (!ballot.stopped()) {
  for (const list of [rankedList, unrankedList]) {
    new Sortable(list, {
      group: "ballot",
      handle: "[data-handle]",
      animation: still.matches ? 0 : 150,
      // One way of dragging for mouse, pen and touch; the browser's own knows no touch.
      forceFallback: true,
      fallbackTolerance: 3,
      scrollSensitivity: 80,
      onEnd: ({ item, from, to, oldIndex, newIndex }) => {
        // Picked up and put back: to move it there again would end a shared place.
        if (from === to && oldIndex === newIndex) return;
        const id = item.dataset.id;
        order(item, to === rankedList ? tiers.moveTo(lines, id, newIndex) : tiers.remove(lines, id));
      },
    });
  }
}

paint(ballot.items());
steps.show();
