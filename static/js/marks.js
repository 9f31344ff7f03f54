// What the voter saw, set aside or wrote down. None of it is a vote, so it is sent in the
// background and in batches; what the server has not taken yet is in localStorage, and
// goes out when the network, or the voter, is back.

import { isSignedOut, send } from "./csrf.js";
import { recall, remember } from "./storage.js";

const LOOKED = 1000; // ms in view before a design counts as seen
const LOOK = 250;
const IN_VIEW = 0.6; // of its height, or of the window's if that is less
const SEEN_REST = 5000;
const MARK_REST = 300;
const LONGEST_WAIT = 30000;
const MOST = 200; // families in one request
const NEVER = [409, 413, 422]; // closed, or nothing that a round takes

/**
 * Start keeping the marks of `form` (a ballot of the shortlist round).
 *
 * Returns `{ seen(family), set(family, change), watch(cards, onSeen), pending() }`;
 * `change` is `{ not_for_me }`, `{ note }` or both, and `pending()` those that the server
 * has not taken yet. `onTaken(family)` hears when it has, `onRefused(family, why)` when
 * it never will, `onAway(state, why)` when it cannot now: "paused" with what the round
 * says, "signed-out", or nothing.
 */
export function openMarks(form, { onTaken = () => {}, onRefused = () => {}, onAway = () => {} } = {}) {
  const { voter, seenUrl, marksUrl } = form.dataset;
  const readOnly = "readonly" in form.dataset || !seenUrl;
  const key = `logovote:${voter}:marks`;
  const unseen = new Set(); // seen, but not logged yet
  const changes = new Map();
  for (const [family, { seen, ...change }] of Object.entries(recall(key) ?? {})) {
    if (seen) unseen.add(family);
    if (Object.keys(change).length) changes.set(family, change);
  }
  const logged = new Set();
  let sending = false;
  let timer = 0;
  let due = Infinity;
  let wait = SEEN_REST;

  /** Keep part of a family's marks: other tabs keep theirs under the same name. */
  function keep(family, part) {
    const kept = recall(key) ?? {};
    remember(key, { ...kept, [family]: { ...kept[family], ...part } });
  }

  /** Keep it no longer, unless it was changed meanwhile, here or elsewhere. */
  function drop(family, part) {
    const kept = recall(key) ?? {};
    for (const name in part) if (kept[family]?.[name] === part[name]) delete kept[family][name];
    if (!Object.keys(kept[family] ?? {}).length) delete kept[family];
    remember(key, Object.keys(kept).length ? kept : null);
  }

  function later(ms) {
    const at = Date.now() + ms;
    if (at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(flush, ms);
  }

  /** Send one request; tells whether it was taken, or settled otherwise, and why. */
  async function settle(method, url, body) {
    const [response, { seen, error, message = "" }] = await send(method, url, { voter, ...body });
    const taken = response.ok && seen !== undefined;
    // Signed out or busy: it will be taken later, and so will it when a pause is over.
    const state = error === "paused" ? error : isSignedOut(response) && "signed-out";
    return { taken, settled: taken || (!state && NEVER.includes(response.status)), state, why: message };
  }

  async function flush() {
    clearTimeout(timer);
    due = Infinity;
    if (sending || readOnly) return;
    sending = true;
    let answer = { settled: true };
    try {
      while (answer.settled && changes.size) {
        const [family, change] = changes.entries().next().value;
        answer = await settle("PUT", `${marksUrl}/${family}`, change);
        // It may have been changed again meanwhile: then there is more to come.
        const isLast = changes.get(family) === change;
        if (!answer.settled) break;
        drop(family, change);
        if (!isLast) continue;
        changes.delete(family);
        (answer.taken ? onTaken : onRefused)(family, answer.why);
      }
      while (answer.settled && unseen.size) {
        const families = [...unseen].slice(0, MOST);
        answer = await settle("POST", seenUrl, { families });
        if (!answer.settled) break;
        for (const family of families) {
          unseen.delete(family);
          drop(family, { seen: true });
        }
      }
    } catch {
      answer = {};
    }
    sending = false;
    if (!answer.settled) onAway(answer.state, answer.why);
    wait = answer.settled ? SEEN_REST : Math.min(wait * 2, LONGEST_WAIT);
    if (unseen.size || changes.size) later(wait);
  }

  function seen(family) {
    if (readOnly || logged.has(family)) return;
    logged.add(family);
    unseen.add(family);
    keep(family, { seen: true });
    later(SEEN_REST);
  }

  function set(family, change) {
    if (readOnly) return;
    changes.set(family, { ...changes.get(family), ...change });
    keep(family, change);
    later(MARK_REST);
  }

  /**
   * Log each card once it has been in view for a second.
   *
   * It looks four times a second: an observer of 400 cards would work in every frame of a
   * scroll. The cards stand in the order of the page, so the first in view is soon found.
   */
  function watch(cards, onSeen = () => {}) {
    if (readOnly) return;
    const looks = new Map(); // of the cards in view: how often in a row
    let waiting = cards.filter((card) => !("seen" in card.dataset));
    const timer = setInterval(() => {
      const shown = document.hidden ? [] : waiting.filter((card) => !card.hidden);
      let [from, to] = [0, shown.length];
      while (from < to) {
        const middle = (from + to) >> 1;
        if (shown[middle].getBoundingClientRect().bottom > 0) to = middle;
        else from = middle + 1;
      }
      const before = new Map(looks);
      looks.clear();
      for (; from < shown.length; from += 1) {
        const { top, bottom, height } = shown[from].getBoundingClientRect();
        if (top >= innerHeight) break;
        const inView = Math.min(bottom, innerHeight) - Math.max(top, 0);
        if (inView >= Math.min(height, innerHeight) * IN_VIEW) looks.set(shown[from], (before.get(shown[from]) ?? 0) + 1);
      }
      for (const [card, times] of looks) {
        if (times * LOOK <= LOOKED) continue;
        card.dataset.seen = "";
        seen(card.dataset.family);
        waiting = waiting.filter((other) => other !== card);
        onSeen();
      }
      if (!waiting.length) clearInterval(timer);
    }, LOOK);
  }

  addEventListener("online", () => flush());
  addEventListener("pagehide", () => flush());
  if (unseen.size || changes.size) later(MARK_REST);
  return { seen, set, watch, flush, pending: () => changes };
}
