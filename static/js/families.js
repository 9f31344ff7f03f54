// The page of families: drag, keys and buttons that do not leave the page. It works
// without this file: every button is a submit button of one form, and its answer is the
// page anew. Here the same answer replaces what is shown.

import { find } from "./find.js";
import * as messages from "./messages/working.js";
import { recall, remember } from "./storage.js";

const KEYS_KEY = "logovote:keys";
const HOLD = 300; // ms until a finger that rests takes a design along instead of scrolling
const SLACK = 6; // px that a hand may tremble
const EDGE = 80; // px from the edge of the window, where dragging scrolls

const help = document.getElementById("keys");
let form = document.querySelector("[data-families]");
let busy = false;

const boxes = () => Array.from(form.querySelectorAll("[data-tile] input[type=checkbox]"));
const visible = () => boxes().filter((box) => box.checkVisibility());
const ticked = () => boxes().filter((box) => box.checked);
const numberOf = (box) => box.value;
const tileOf = (element) => element?.closest?.("[data-tile]");
const groupOf = (element) => element?.closest?.("[data-group]");

// ---------- what is shown ----------

function count() {
  const number = ticked().length;
  const line = form.querySelector("[data-ticked]");
  if (!line) return;
  line.textContent = messages.ticked(number);
  form.querySelector(".tray").toggleAttribute("data-some", number > 0);
  form.querySelector("[data-merge]").setAttribute("aria-disabled", String(number < 2));
  form.querySelector("[data-split]").setAttribute("aria-disabled", String(number < 1));
}

function say(text) {
  const line = form.querySelector("[data-said]");
  if (line) line.textContent = text;
}

/** Let Tab reach one design of the page only; arrows lead to the others. */
function rove(to) {
  for (const box of boxes()) box.tabIndex = box === to ? 0 : -1;
}

/** Give Tab another design once the one that it reached is not shown any more. */
function reach() {
  const shown = visible();
  if (!shown.some((box) => box.tabIndex === 0)) rove(shown[0]);
}

function openWide() {
  if (matchMedia("(min-width: 48rem)").matches)
    for (const fold of form.querySelectorAll("[data-wide-open]")) fold.open = true;
}

function show() {
  count();
  rove(visible()[0]);
  form.dataset.ready = "";
}

// ---------- deeds ----------

/** Post a deed and show the page that answers, keeping folds, search and place. */
async function act(deed) {
  if (busy) return;
  busy = true;
  form.setAttribute("aria-busy", "true");
  const data = new FormData(form);
  data.set("do", deed);
  try {
    const response = await fetch(form.action, { method: "POST", body: data });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (response.ok && page.querySelector("[data-families]")) replace(page);
    else say(page.querySelector("main .lead")?.textContent.trim() || messages.notDone);
  } catch {
    say(messages.notDone);
  }
  form.removeAttribute("aria-busy");
  busy = false;
}

function replace(page) {
  const open = new Map(Array.from(form.querySelectorAll("details[id]"), (fold) => [fold.id, fold.open]));
  const looked = form.querySelector("[data-find]")?.value;
  const anchor = anchorOf();
  const next = document.importNode(page.querySelector("[data-families]"), true);
  form.replaceWith(next);
  form = next;
  wire();
  for (const fold of form.querySelectorAll("details[id]")) fold.open = open.get(fold.id) ?? fold.open;
  const field = form.querySelector("[data-find]");
  if (field && looked) {
    field.value = looked;
    find(form);
  }
  const record = document.getElementById("record");
  const newRecord = page.getElementById("record");
  if (record && newRecord) record.replaceChildren(...document.importNode(newRecord, true).childNodes);
  show();
  stay(anchor);
  say(page.querySelector(".notices .notice")?.textContent.trim() ?? "");
}

/** Where the reader is: the design in focus, those after it, and how high it stands. */
function anchorOf() {
  const focused = document.activeElement;
  if (!form.contains(focused)) return null;
  const tiles = Array.from(form.querySelectorAll("[data-tile]"));
  const start = groupOf(focused)?.querySelector("[data-tile]") ?? tileOf(focused);
  const at = tiles.indexOf(start);
  const inProposal = focused.closest("[data-proposal]") !== null;
  const undo = focused.closest("[data-undo]") !== null;
  return { undo, inProposal, at, numbers: at < 0 ? [] : tiles.slice(at).map((tile) => tile.dataset.tile) };
}

/** Give the focus to what took the place of what had it. */
function stay(anchor) {
  if (!anchor) return;
  const find_ = (number) => form.querySelector(`[data-tile="${number}"] input`);
  const wanted = anchor.numbers.map(find_).filter((box) => box?.checkVisibility());
  const proposed = wanted.find((box) => box.closest("[data-proposal]"));
  const target =
    (anchor.undo && form.querySelector("[data-undo]")) ||
    (anchor.inProposal && (proposed ?? form.querySelector("[data-proposal] input"))) ||
    wanted[0] ||
    form.querySelector("[data-undo]") ||
    form.querySelector("[data-help]");
  if (target.matches("input")) rove(target);
  target.focus({ preventScroll: !target.matches("input") });
}

const join = (numbers) => act(`merge:${Array.from(new Set(numbers)).join(",")}`);
const part = (numbers) => act(`split:${Array.from(new Set(numbers)).join(",")}`);

function mergeTicked() {
  const numbers = ticked().map(numberOf);
  if (numbers.length < 2) say(messages.tickTwo);
  else join(numbers);
}

function splitTicked() {
  const focused = tileOf(document.activeElement);
  const numbers = ticked().map(numberOf);
  if (numbers.length) part(numbers);
  else if (focused && groupOf(focused)) part([focused.dataset.tile]);
  else say(messages.tickOne);
}

function press(name) {
  const button = document.activeElement.closest("[data-proposal]")?.querySelector(`[data-${name}]`);
  if (button) act(button.value);
  else say(messages.noProposal);
}

// ---------- keys ----------

/** Return the design next to `box` in a direction, by where they stand on the page. */
function neighbour(box, key) {
  const all = visible();
  const at = all.indexOf(box);
  if (key === "ArrowRight") return all[at + 1];
  if (key === "ArrowLeft") return all[at - 1];
  const middle = (element) => {
    const { left, top, width } = tileOf(element).getBoundingClientRect();
    return { x: left + width / 2, y: top };
  };
  const here = middle(box);
  const down = key === "ArrowDown" ? 1 : -1;
  let best;
  for (const other of all) {
    const { x, y } = middle(other);
    const away = (y - here.y) * down;
    if (away < SLACK) continue;
    const distance = away + Math.abs(x - here.x) * 0.5;
    if (!best || distance < best.distance) best = { other, distance };
  }
  return best?.other;
}

const keys = {
  m: mergeTicked,
  s: splitTicked,
  c: () => press("confirm"),
  n: () => press("reject"),
  u: () => (form.querySelector("[data-undo]") ? act("undo") : say(messages.nothingToUndo)),
  "?": () => help.showModal(),
  Escape: () => {
    for (const box of ticked()) box.checked = false;
    count();
  },
};

// Letters act only where nobody types, never together with Ctrl, Alt or Cmd, and can be
// switched off (speech input says letters).
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!help || document.querySelector("dialog[open]") || "frozen" in form.dataset) return;
  const box = event.target.closest("[data-tile] input[type=checkbox]");
  if (!box && event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (box && event.key.startsWith("Arrow")) {
    const next = neighbour(box, event.key);
    event.preventDefault();
    if (!next) return;
    rove(next);
    next.focus();
    return;
  }
  if (recall(KEYS_KEY) === "off") return;
  const deed = keys[event.key] ?? keys[event.key.toLowerCase()];
  if (!deed) return;
  event.preventDefault();
  deed();
});

// ---------- dragging ----------

let drag = null;

/** What a design would be dropped on: a family, another design, or standing alone. */
function targetAt(x, y) {
  const under = document.elementFromPoint(x, y);
  if (!under || !form.contains(under)) return null;
  return groupOf(under) ?? tileOf(under) ?? under.closest("[data-alone]");
}

function begin(event) {
  const { tile } = drag;
  const chosen = ticked().some((box) => tileOf(box) === tile) ? ticked().map(numberOf) : [tile.dataset.tile];
  const picture = tile.querySelector(".mark").cloneNode(true);
  const { width } = tile.querySelector(".mark").getBoundingClientRect();
  picture.classList.add("dragged");
  picture.style.width = `${width}px`;
  if (chosen.length > 1) picture.dataset.number = chosen.length;
  document.body.append(picture);
  document.documentElement.classList.add("dragging");
  drag = { ...drag, chosen, picture };
  try {
    form.setPointerCapture(event.pointerId);
  } catch {
    // The finger has left already.
  }
  move(event);
}

function move(event) {
  drag.x = event.clientX;
  drag.y = event.clientY;
  drag.picture.style.transform = `translate(${drag.x}px, ${drag.y}px) translate(-50%, -50%) rotate(-2deg)`;
  aim();
  if (!drag.scrolling) drag.scrolling = requestAnimationFrame(scroll);
}

function aim() {
  const target = targetAt(drag.x, drag.y);
  if (target === drag.target) return;
  drag.target?.removeAttribute("data-over");
  drag.target = target;
  if (target && target !== drag.tile && target !== groupOf(drag.tile)) target.setAttribute("data-over", "");
}

function scroll() {
  if (!drag?.picture) return;
  const pace = (drag.y < EDGE && drag.y - EDGE) || (drag.y > innerHeight - EDGE && drag.y - innerHeight + EDGE) || 0;
  if (pace) {
    scrollBy(0, pace / 5);
    aim();
  }
  drag.scrolling = requestAnimationFrame(scroll);
}

function end(dropped) {
  if (!drag) return;
  clearTimeout(drag.hold);
  const { picture, target, tile, chosen } = drag;
  drag.target?.removeAttribute("data-over");
  drag = null;
  if (!picture) return;
  picture.remove();
  document.documentElement.classList.remove("dragging");
  // The press that ends a drag is no click on what lies under it.
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
  if (!dropped || !target || target === tile || target === groupOf(tile)) return;
  if (target.dataset.group) join([...chosen, ...target.dataset.group.split(",")]);
  else if (target.dataset.tile) join([...chosen, target.dataset.tile]);
  else if (chosen.some((number) => groupOf(form.querySelector(`[data-tile="${number}"]`)))) part(chosen);
}

const swallow = (event) => {
  event.preventDefault();
  event.stopPropagation();
};

function wire() {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.form !== form) return;
    event.preventDefault();
    const { value } = event.submitter;
    if (!value) return; // Enter on a design
    if (event.submitter.getAttribute("aria-disabled") === "true") say(value === "merge" ? messages.tickTwo : messages.tickOne);
    else act(value);
  });
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[data-tile] input")) return;
    rove(event.target);
    count();
  });
  form.addEventListener("toggle", reach, { capture: true }); // of a fold; it does not bubble
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) help.showModal();
  });
  form.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-handle]");
    if (!handle || event.button !== 0 || drag || busy) return;
    drag = { tile: tileOf(handle), from: [event.clientX, event.clientY], id: event.pointerId };
    // A mouse drags at once; a finger scrolls unless it rests first.
    if (event.pointerType === "touch") drag.hold = setTimeout(() => drag && begin(event), HOLD);
    else drag.mouse = true;
  });
  // Pictures have a way of dragging of their own.
  form.addEventListener("dragstart", (event) => event.preventDefault());
  form.addEventListener("contextmenu", (event) => drag && event.preventDefault());
}

// On the document, where find.js has filtered the designs by then.
document.addEventListener("input", (event) => event.target.matches("[data-find]") && reach());
addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.id) return;
  if (drag.picture) move(event);
  else if (Math.hypot(event.clientX - drag.from[0], event.clientY - drag.from[1]) > SLACK) {
    if (drag.mouse) begin(event);
    else end(false);
  }
});
addEventListener("pointerup", () => end(true));
addEventListener("pointercancel", () => end(false));
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drag?.picture) {
    event.stopImmediatePropagation();
    end(false);
  }
}, { capture: true });
// Once a design is taken along, the finger must not scroll the page too.
addEventListener("touchmove", (event) => drag?.picture && event.preventDefault(), { passive: false });

if (help) {
  const keysSwitch = help.querySelector("[data-keys-switch]");
  keysSwitch.checked = recall(KEYS_KEY) !== "off";
  keysSwitch.addEventListener("change", () => remember(KEYS_KEY, keysSwitch.checked ? null : "off"));
}
openWide();
if (!("frozen" in form.dataset)) wire();
show();
