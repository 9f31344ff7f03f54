// The shortlist ballot: stars on cards and variants, "None of these", undo.
//
// Items are family ids ("f12": this design, whichever variant) and variant ids ("36":
// this one in particular), or exactly ["none"].

import { openBallot } from "./ballot.js";
import * as messages from "./messages.js";
import { withUndo } from "./undo.js";

const NONE = "none";

/** All ids under which a card's design can stand on the ballot. */
const idsOf = (card) => [
  card.dataset.family,
  card.dataset.entry,
  ...Array.from(card.querySelectorAll("[data-variant]"), (variant) => variant.dataset.variant),
];

const isApproved = (card, items) => idsOf(card).some((id) => items.includes(id));

/** Wire up `form[data-ballot=shortlist]`. */
export function openShortlist(form) {
  const cards = Array.from(form.querySelectorAll("[data-family]"));
  const none = form.querySelector("[data-none]");
  const most = Number(form.dataset.most ?? Infinity);

  const approvedCount = (items) => cards.filter((card) => isApproved(card, items)).length;

  function press(button, on) {
    // 400 cards are looked at for every tap; only what changed may cost a repaint.
    if (button.getAttribute("aria-pressed") !== String(on)) button.setAttribute("aria-pressed", String(on));
  }

  function paint(items) {
    for (const card of cards) {
      const approved = isApproved(card, items);
      card.toggleAttribute("data-approved", approved);
      press(card.querySelector(`[data-tick][value="${card.dataset.family}"]`), approved);
      for (const variant of card.querySelectorAll("[data-variant]")) {
        const chosen = items.includes(variant.dataset.variant);
        variant.toggleAttribute("data-approved", chosen);
        press(variant.querySelector("[data-tick]"), chosen);
      }
    }
    if (none) press(none, items.includes(NONE));
    const count = approvedCount(items);
    for (const element of document.querySelectorAll("[data-count]")) element.textContent = count;
    document.querySelector(".keep-count")?.toggleAttribute("data-some", count > 0);
    for (const element of document.querySelectorAll("[data-when-none]")) element.hidden = !items.includes(NONE);
    for (const element of document.querySelectorAll("[data-when-stars]")) element.hidden = items.includes(NONE);
  }

  function outline(items, other) {
    if (items.includes(NONE)) return messages.noneOfThese;
    const extra = cards.filter((card) => isApproved(card, items) && !isApproved(card, other));
    return messages.starred(items.length, extra.map((card) => card.dataset.entry));
  }

  const apply = (items) => {
    paint(items);
    steps.show();
  };
  const ballot = openBallot(form, apply, outline);
  const steps = withUndo(form, ballot, paint);

  function toggle(button, wish = null) {
    if (ballot.stopped()) return;
    const items = ballot.items().filter((id) => id !== NONE);
    const card = button.closest("[data-family]");
    const variant = button.closest("[data-variant]");
    const ids = variant ? [variant.dataset.variant] : idsOf(card);
    const on = ids.some((id) => items.includes(id));
    if (wish === on) return;
    if (!on && !isApproved(card, items) && approvedCount(items) >= most) {
      ballot.note(messages.capReached(most));
      return;
    }
    if (on) {
      steps.change(items.filter((id) => !ids.includes(id)));
      return;
    }
    button.classList.add("just-ticked");
    button.addEventListener("animationend", () => button.classList.remove("just-ticked"), { once: true });
    steps.change([...items, ids[0]]);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tick], [data-none]");
    if (!button || ballot.stopped()) return;
    if (button === none) steps.change(ballot.items().includes(NONE) ? [] : [NONE]);
    else toggle(button);
  });
  paint(ballot.items());
  steps.show();
  return { toggle, undo: steps.undo };
}
