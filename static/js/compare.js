// Side by side: the shortlist ballot, one zoom for all, and the lab in place.

import { openShortlist } from "./approvals.js";
import "./lab.js";
import { openMarks } from "./marks.js";
import { openZoom } from "./zoom.js";

const form = document.querySelector("[data-ballot]");

if (form) {
  const marks = openMarks(form);
  openShortlist(form, marks);
  for (const card of form.querySelectorAll("[data-family]")) marks.seen(card.dataset.family); // opened is seen
  const zoom = openZoom(() => form.querySelectorAll("[data-stage] > .mark"));
  document.addEventListener("looked", zoom.reset);
}
