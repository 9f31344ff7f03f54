// What the voter saw, set aside or wrote down. None of it is a vote, so it is sent in the
// background and in batches; what the server has not taken yet is in localStorage, and
// goes out when the network, or the voter, is back.

import { renewToken, token } from "./csrf.js";
import { recall, remember } from "./storage.js";

const LOOKED = 1000; // ms in view before a design counts as seen
const LOOK = 250;
const IN_VIEW = 0.6; // of its height
const SEEN_REST = 5000;
const MARK_REST = 300;
const LONGEST_WAIT = 30000;
const MOST = 200; // families in one request

/**
 * Start keeping the marks of `form` (a ballot of the shortlist round).
 *
 * Returns `{ seen(family), set(family, change), watch(cards, onSeen), pending() }`;
 * `change` is `{ not_for_me }`, `{ note }` or both, and `pending()` those that the server
 * has not taken yet. `onSettled(family)` hears when it has, `onAway()` when it cannot.
 */
export function openMarks(form, { onSettled = () => {}, onAway = () => {} } = {}) {
  const { voter, seenUrl, marksUrl } = form.dataset;
  const readOnly = "readonly" in form.dataset || !seenUrl;
  const key = `logovote:${voter}:marks`;
  const kept = recall(key) ?? {};
  const unseen = new Set(kept.seen); // seen, but not logged yet
  const changes = new Map(Object.entries(kept.changes ?? {}));
  const logged = new Set();
  let sending = false;
  let timer = 0;
  let due = Infinity;
  let wait = SEEN_REST;

  function keep() {
    const idle = !unseen.size && !changes.size;
    remember(key, idle ? null : { seen: [...unseen], changes: Object.fromEntries(changes) });
  }

  function later(ms) {
    const at = Date.now() + ms;
    if (at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(flush, ms);
  }

  const send = (method, url, body) =>
    fetch(url, {
      method,
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
      body: JSON.stringify({ voter, ...body }),
      keepalive: true,
    });

  /** Send one request; tells whether the server has settled it, one way or the other. */
  async function settle(method, url, body, freshToken = false) {
    const response = await send(method, url, body);
    if (response.status === 400 && !freshToken && (await renewToken())) return settle(method, url, body, true);
    if (response.ok && response.headers.get("Content-Type")?.includes("json")) return true;
    // Closed, or refused: it will never be taken. Signed out or busy: it will, later.
    return response.status === 409 || response.status === 413 || response.status === 422;
  }

  async function flush() {
    clearTimeout(timer);
    due = Infinity;
    if (sending || readOnly) return;
    sending = true;
    let well = true;
    try {
      while (well && changes.size) {
        const [family, change] = changes.entries().next().value;
        well = await settle("PUT", `${marksUrl}/${family}`, change);
        // It may have been changed again meanwhile.
        if (!well || changes.get(family) !== change) continue;
        changes.delete(family);
        onSettled(family);
      }
      while (well && unseen.size) {
        const families = [...unseen].slice(0, MOST);
        well = await settle("POST", seenUrl, { families });
        if (well) for (const family of families) unseen.delete(family);
      }
    } catch {
      well = false;
    }
    sending = false;
    if (!well) onAway();
    keep();
    wait = well ? SEEN_REST : Math.min(wait * 2, LONGEST_WAIT);
    if (unseen.size || changes.size) later(wait);
  }

  function seen(family) {
    if (readOnly || logged.has(family)) return;
    logged.add(family);
    unseen.add(family);
    keep();
    later(SEEN_REST);
  }

  function set(family, change) {
    if (readOnly) return;
    changes.set(family, { ...changes.get(family), ...change });
    keep();
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
        if (inView >= height * IN_VIEW) looks.set(shown[from], (before.get(shown[from]) ?? 0) + 1);
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
