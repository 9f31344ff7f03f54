// The gallery: filter and size on top of the shortlist ballot. The page works without
// this file: stars are submit buttons, filters are links, variants lie open.

import { openShortlist } from "./approvals.js";
import { openMarks } from "./marks.js";

const form = document.querySelector("[data-ballot]");
const wall = document.querySelector("[data-wall]");
const cards = Array.from(wall?.children ?? []);
const links = Array.from(document.querySelectorAll("[data-filter]"));
const A_YEAR = 31536000;

// As in VIEWS of logovote/web/shortlist.py.
const isSeen = ({ seen, approved }) => (seen ?? approved) !== undefined;
const VIEWS = {
  batch: ({ dealt }) => dealt !== undefined,
  all: () => true,
  unseen: (card) => !isSeen(card),
  shortlisted: ({ approved }) => approved !== undefined,
  aside: ({ aside, approved }) => aside !== undefined && approved === undefined,
  fresh: ({ fresh }) => fresh !== undefined,
};

// Only choosing a filter hides cards. Taking a star away leaves the card where it is,
// so that a slip of the finger can be mended in place.
function choose(filter) {
  for (const card of cards) {
    card.hidden = !VIEWS[filter](card.dataset);
    for (const link of card.querySelectorAll("a.mark")) link.search = `?show=${filter}`;
  }
  for (const link of links) {
    if (link.closest("nav") && link.dataset.filter === filter) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  for (const text of document.querySelectorAll("[data-empty]")) text.hidden = cards.some((card) => !card.hidden) || text.dataset.empty !== filter;
  form.elements.show.value = filter;
  const address = new URL(location);
  address.searchParams.set("show", filter);
  history.replaceState(null, "", address);
  for (const link of document.querySelectorAll("[data-way], [data-lab]")) {
    const to = new URL(link.href);
    to.searchParams.set("show", filter);
    link.href = to;
  }
  // Nobody needs it before another view is chosen, nor once the page is left.
  import("./onward.js").then(({ aim }) => aim(cards, isSeen, filter)).catch(() => {});
}

function wireFilters() {
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose(link.dataset.filter);
      if (!link.closest("nav")) scrollTo({ top: 0 });
    });
  }
}

let counting = false;
// Nobody waits for these numbers, and whoever scrolls should not.
const whenIdle = (deed) => setTimeout(() => (window.requestIdleCallback ?? setTimeout)(deed), 200);

/** Count again what the page says: the three numbers, and what each view holds. */
function count() {
  if (counting) return;
  counting = true;
  whenIdle(() => {
    counting = false;
    const state = cards.map((card) => card.dataset);
    const write = (element, number) => {
      if (element.textContent !== String(number)) element.textContent = number;
    };
    for (const link of links) {
      const number = link.querySelector("[data-in-view]");
      if (number) write(number, state.filter(VIEWS[link.dataset.filter]).length);
    }
    const seen = state.filter(isSeen).length;
    write(document.querySelector("[data-seen-count]"), seen);
    write(document.querySelector("[data-left-count]"), cards.length - seen);
  });
}

function wireSizes() {
  const group = document.querySelector("[data-sizes]");
  group.addEventListener("click", (event) => {
    const size = event.target.closest("button")?.dataset.size;
    if (!size) return;
    wall.dataset.size = size;
    for (const button of group.children) button.setAttribute("aria-pressed", String(button.dataset.size === size));
    // The server must know it: a page that grows when its script arrives jumps.
    document.cookie = `logovote-size=${size}; path=/; max-age=${A_YEAR}; samesite=lax`;
  });
}

function wireVariants() {
  for (const button of wall.querySelectorAll(".variants-open")) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
    });
  }
}

if (form) {
  const marks = openMarks(form);
  openShortlist(form, marks, count);
  marks.watch(cards, count);
  wireFilters();
  wireSizes();
  wireVariants();
  // Lab and comparison are for few, and their code only for them.
  if (document.querySelector("[data-lab], [data-chosen]")) import("./lab.js").catch(() => {});
}
