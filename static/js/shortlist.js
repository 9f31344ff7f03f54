// The gallery: filter and size on top of the shortlist ballot. The page works without
// this file: stars are submit buttons, filters are links.

import { openShortlist } from "./approvals.js";
import { openMarks } from "./marks.js";
import { recall, remember } from "./storage.js";

const form = document.querySelector("[data-ballot]");
const wall = document.querySelector("[data-wall]");
const SIZE_KEY = "logovote:size";

function wireFilters() {
  const links = Array.from(document.querySelectorAll("[data-filter]"));
  const cards = Array.from(wall.children);

  // Only choosing a filter hides cards. Taking a star away leaves the card where it is,
  // so that a slip of the finger can be mended in place.
  function choose(filter) {
    // As in VIEWS of logovote/web/shortlist.py.
    const wanted = {
      batch: ({ dealt }) => dealt !== undefined,
      all: () => true,
      unseen: ({ seen, approved }) => (seen ?? approved) === undefined,
      shortlisted: ({ approved }) => approved !== undefined,
      aside: ({ aside, approved }) => aside !== undefined && approved === undefined,
      fresh: ({ fresh }) => fresh !== undefined,
    }[filter];
    let shown = 0;
    for (const card of cards) {
      card.hidden = !wanted(card.dataset);
      shown += !card.hidden;
    }
    for (const link of links) {
      if (link.closest("nav") && link.dataset.filter === filter) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const text of document.querySelectorAll("[data-empty]"))
      text.hidden = shown > 0 || text.dataset.empty !== filter;
    history.replaceState(null, "", `?show=${filter}`);
  }

  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose(link.dataset.filter);
      if (link.closest(".keep")) scrollTo({ top: 0 });
    });
  }
}

function wireSizes() {
  const group = document.querySelector("[data-sizes]");
  const choose = (size) => {
    wall.dataset.size = size;
    for (const button of group.children)
      button.setAttribute("aria-pressed", String(button.dataset.size === size));
  };
  group.addEventListener("click", (event) => {
    const size = event.target.closest("button")?.dataset.size;
    if (!size) return;
    choose(size);
    remember(SIZE_KEY, size);
  });
  const remembered = recall(SIZE_KEY);
  if (remembered) choose(remembered);
}

function wireMarks() {
  const marks = openMarks(form, ({ seen, left }) => {
    for (const element of document.querySelectorAll("[data-seen-count]")) element.textContent = seen;
    for (const element of document.querySelectorAll("[data-left-count]")) element.textContent = left;
  });
  marks.watch(Array.from(wall.children));
}

if (form) {
  openShortlist(form);
  wireMarks();
  wireFilters();
  wireSizes();
}
