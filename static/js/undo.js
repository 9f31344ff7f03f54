// Ten steps back, for everything a voter can do by a slip of the finger.
//
// The steps outlive a page turn, but a step counts only while the ballot is the one it
// led to: undoing must never wipe out what another tab or device did.

import { same } from "./save.js";
import { recall, remember } from "./storage.js";

const DEPTH = 10;

/**
 * Returns `{ change(after, mark), undo(), show() }` around a ballot; `paint(items)`
 * paints, and `tell()` says that a step was taken back. A step may also have set a design
 * aside, or taken that back: `mark` is `{ family, aside }`, and `setAside(family, aside)`
 * does it.
 */
export function withUndo(form, ballot, paint, tell, setAside = () => {}) {
  const button = document.querySelector("[data-undo]");
  const key = `logovote:undo:${form.dataset.voter}`; // a device may be shared
  const steps = () => recall(key, "sessionStorage") ?? [];
  const last = () => steps().findLastIndex((step) => same(step.after, ballot.items()));

  function show() {
    button.hidden = ballot.stopped() || last() < 0;
  }

  function set(items, trail) {
    remember(key, trail, "sessionStorage");
    paint(items);
    if (!same(items, ballot.items())) ballot.change(items);
    show();
  }

  function change(after, mark = null) {
    if (mark) setAside(mark.family, mark.aside);
    set(after, [...steps(), { before: ballot.items(), after, mark }].slice(-DEPTH));
  }

  function undo() {
    const at = last();
    if (at < 0 || ballot.stopped()) return false;
    const trail = steps();
    const { before, mark } = trail[at];
    const focused = document.activeElement;
    if (mark) setAside(mark.family, !mark.aside);
    tell();
    set(before, trail.slice(0, at));
    // What had the focus may have moved, or gone.
    const target = focused.closest("[hidden]") ? document.getElementById("main") : focused;
    target.focus({ preventScroll: true });
    return true;
  }

  button.addEventListener("click", undo);
  addEventListener("keydown", (event) => {
    if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    // In a field it is the field's.
    if (event.target.closest("input, textarea, dialog")) return;
    event.preventDefault();
    undo();
  });
  return { change, undo, show };
}
