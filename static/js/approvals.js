// The shortlist ballot: stars on cards and variants, "Not for me", "None of these", undo.
//
// Items are family ids ("f12": this design, whichever variant) and variant ids ("36":
// this one in particular), or exactly ["none"]. "Not for me" is no vote: it is a mark.

import { openBallot } from "./ballot.js";
import * as messages from "./messages/voting.js";
import { withUndo } from "./undo.js";

const NONE = "none";
const TOAST = 6000;

/** What is asked of a card with every tap, looked up once. */
function recordOf(card) {
  const { family, entry = card.id.replace("logo-", "") } = card.dataset;
  const variants = Array.from(card.querySelectorAll("[data-variant]"), (element) => ({
    element,
    id: element.dataset.variant,
    tick: element.querySelector("[data-tick]"),
  }));
  return {
    card,
    family,
    entry,
    variants,
    ids: new Set([family, entry, ...(card.dataset.ids ?? "").split(","), ...variants.map(({ id }) => id)]),
    tick: card.querySelector(`[data-tick][value="${family}"]`),
    aside: card.querySelector("[data-aside-tick]"),
  };
}

/**
 * Wire up `form[data-ballot=shortlist]`; `marks` keeps what is no vote.
 *
 * `onPaint()` hears of every change; `onChoice()` only of one by the voter's own hand.
 */
export function openShortlist(form, marks, onPaint = () => {}, onChoice = () => {}) {
  let records = [];
  let byId = new Map();
  let painted = null; // what the page shows; null: nothing can be said of it
  const stale = new Set(); // what else has to be painted
  const none = form.querySelector("[data-none]");
  const most = Number(form.dataset.most ?? Infinity);
  const toast = document.querySelector("[data-toast]");
  let toastTimer = 0;

  const isApproved = (record, items) => items.some((id) => record.ids.has(id));
  const recordsOf = (items) => new Set(items.map((id) => byId.get(id)).filter(Boolean));
  const approvedCount = (items) => recordsOf(items).size;

  function press(button, on) {
    if (button && button.getAttribute("aria-pressed") !== String(on)) button.setAttribute("aria-pressed", String(on));
  }

  function flag(element, name, on) {
    if (element.hasAttribute(name) !== on) element.toggleAttribute(name, on);
  }

  /** The cards that a change of items may look different for: of 400, one or two. */
  function touched(items) {
    if (!painted) return records;
    const changed = [...items, ...painted].filter((id) => !items.includes(id) || !painted.includes(id));
    // Two variants of a design may stand side by side.
    return records.filter((record) => stale.has(record) || changed.some((id) => record.ids.has(id)));
  }

  function paint(items) {
    const chosen = new Set(items);
    for (const record of touched(items)) {
      const approved = isApproved(record, items);
      flag(record.card, "data-approved", approved);
      press(record.tick, approved);
      press(record.aside, !approved && record.card.hasAttribute("data-aside"));
      for (const { element, id, tick } of record.variants) {
        flag(element, "data-approved", chosen.has(id));
        press(tick, chosen.has(id));
      }
    }
    painted = items;
    stale.clear();
    if (none) press(none, chosen.has(NONE));
    const count = approvedCount(items);
    for (const element of document.querySelectorAll("[data-count]")) element.textContent = count;
    document.querySelector(".keep-count")?.toggleAttribute("data-some", count > 0);
    for (const element of document.querySelectorAll("[data-when-none]")) element.hidden = !chosen.has(NONE);
    for (const element of document.querySelectorAll("[data-when-stars]")) element.hidden = chosen.has(NONE);
    onPaint();
  }

  function outline(words, items, other) {
    if (items.includes(NONE)) return words.noneOfThese;
    const extra = records.filter((record) => isApproved(record, items) && !isApproved(record, other));
    return words.starred(approvedCount(items), extra.map(({ entry }) => entry));
  }

  function setAside(family, on) {
    for (const record of records) {
      if (record.family !== family) continue;
      record.card.toggleAttribute("data-aside", on);
      stale.add(record);
    }
    marks.set(family, { not_for_me: on });
  }

  /** Say what was done, with a way back for as long as it takes to be startled. */
  function say(text, canUndo) {
    toast.firstElementChild.textContent = text;
    toast.lastElementChild.hidden = !canUndo;
    toast.dataset.shown = "";
    clearTimeout(toastTimer);
    toastTimer = setTimeout(hideToast, TOAST);
  }

  function hideToast() {
    if (toast.matches(":hover, :focus-within")) {
      toastTimer = setTimeout(hideToast, TOAST);
      return;
    }
    delete toast.dataset.shown;
    toast.lastElementChild.hidden = true;
  }

  const apply = (items) => {
    paint(items);
    steps.show();
  };

  /** Look at the cards again: the page has put others in their place. */
  function refresh() {
    records = Array.from(form.querySelectorAll("[data-family]"), recordOf);
    byId = new Map(records.flatMap((record) => Array.from(record.ids, (id) => [id, record])));
    painted = null;
    for (const [family, { not_for_me: aside }] of marks.pending()) {
      if (aside === undefined) continue;
      records.find((each) => each.family === family)?.card.toggleAttribute("data-aside", aside);
    }
  }

  refresh();
  const ballot = openBallot(form, apply, outline);
  const steps = withUndo(form, ballot, paint, () => say(messages.undone, false), setAside);

  const recordAt = (button) => records.find(({ card }) => card === button.closest("[data-family]"));
  const starless = () => ballot.items().filter((id) => id !== NONE);

  function toggle(button, wish = null) {
    if (ballot.stopped()) return;
    const items = starless();
    const record = recordAt(button);
    const variant = button.closest("[data-variant]");
    const ids = variant ? new Set([variant.dataset.variant]) : record.ids;
    const on = items.some((id) => ids.has(id));
    if (wish === on) return;
    if (!on && !isApproved(record, items) && approvedCount(items) >= most) {
      ballot.note(messages.capReached(most));
      return;
    }
    if (on) {
      steps.change(items.filter((id) => !ids.has(id)));
      say(messages.starTaken(record.entry), true);
      return;
    }
    button.classList.add("just-ticked");
    button.addEventListener("animationend", () => button.classList.remove("just-ticked"), { once: true });
    const wasAside = record.card.hasAttribute("data-aside");
    steps.change([...items, variant ? variant.dataset.variant : record.family], wasAside ? { family: record.family, aside: false } : null);
    onChoice();
  }

  function toggleAside(button, wish = null) {
    if (ballot.stopped()) return;
    const record = recordAt(button);
    const items = ballot.items();
    const on = record.card.hasAttribute("data-aside") && !isApproved(record, items);
    if (wish === on) return;
    steps.change(items.filter((id) => !record.ids.has(id)), { family: record.family, aside: !on });
    say((on ? messages.keptAgain : messages.setAside)(record.entry), true);
    if (!on) onChoice();
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tick], [data-aside-tick], [data-none]");
    if (!button || ballot.stopped()) return;
    if (button === none) steps.change(ballot.items().includes(NONE) ? [] : [NONE]);
    else if (button.matches("[data-tick]")) toggle(button);
    else toggleAside(button);
  });
  toast.lastElementChild.addEventListener("click", steps.undo);
  paint(ballot.items());
  steps.show();
  return {
    toggle,
    toggleAside,
    undo: steps.undo,
    refresh() {
      refresh();
      paint(ballot.items());
    },
  };
}
