// Where "one by one" begins in the gallery: at the first logo of the view not seen yet.

import * as messages from "./messages/looking.js";

const link = document.querySelector("[data-one-by-one]");

/** Aim the link at the view `filter`, of which `cards` show what is not hidden. */
export function aim(cards, isSeen, filter) {
  const shown = cards.filter((card) => !card.hidden);
  link.hidden = !shown.length;
  if (!shown.length) return;
  const start = Math.max(shown.findIndex((card) => !isSeen(card.dataset)), 0);
  link.href = `${shown[start].id.replace("-", "/")}?show=${filter}`;
  link.textContent = start ? messages.continueAt(start + 1, shown.length) : messages.oneByOne;
}
