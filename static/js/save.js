// Keeps one ballot safe: paints at once elsewhere, saves here.
//
// The whole list of items is sent each time, so nothing depends on the order in which
// requests arrive. `base_rev` lets the server notice that another tab or device was
// faster; `save_id` lets it recognise a repeated attempt whose answer was lost. What the
// server has not confirmed is in localStorage and is sent again when the page is next
// opened, so a closed tab or a dead network loses nothing. Tabs of one browser tell each
// other what is not saved yet, so that each builds on it, and none overwrites another.

import { isSignedOut, send as sendJson } from "./csrf.js";
import { recall, remember } from "./storage.js";

const QUIET = 250; // ms of rest before a change is sent
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;
const HEARD = 5000; // what another tab wants to save is its own to send, unless it dies
const TRAIL = 50;

const hex = (bytes) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, "0")).join("");

// crypto.randomUUID exists only over https; an evening on the LAN may have none.
const newId = () =>
  hex(16).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-a$4-$5");

// Neither the order of approvals nor that of lines sharing a place means anything.
const canonical = (items) =>
  JSON.stringify(Array.isArray(items[0]) ? items.map((tier) => [...tier].sort()) : [...items].sort());

/** Items without some ids, and without the places that these leave empty. */
const without = (items, gone) =>
  items
    .map((item) => (Array.isArray(item) ? item.filter((id) => !gone.includes(id)) : item))
    .filter((item) => (Array.isArray(item) ? item.length : !gone.includes(item)));

export const same = (a, b) => canonical(a) === canonical(b);

/**
 * Start keeping a ballot; returns `{ change, retry, items }`.
 *
 * options.url, .voter, .key, .rev, .items, .readOnly: the ballot as the page was served;
 *   read-only is "closed" or "paused", where what is kept here waits.
 * options.apply(items): paint items that did not come from this page.
 * options.show(state, detail): say how things are; states: saving, saved, offline,
 *   failed, paused, signed-out, closed, too-late, refused, updated, and withdrawn, which
 *   is followed by another.
 * options.choose(current, mine): promise of "theirs" or "mine".
 */
export function keepBallot({ url, voter, key, rev, items, readOnly, apply, show, choose }) {
  let base = rev; // what our next save builds on
  let newest = rev; // the newest revision we have heard of
  let confirmed = items; // what the server has
  let wanted = items; // what the voter sees
  let saveId = null; // set while something is unsent
  let sending = false;
  let trouble = false; // the last attempt failed
  let atEase = false; // leaving the page is what the voter has been told to do
  let trail = []; // what the page showed before, since the ballot was last saved
  let stopped = Boolean(readOnly);
  let timer = 0;
  let wait = FIRST_WAIT;

  let nonce = recall(`${key}:nonce`);
  if (!nonce) {
    nonce = hex(16);
    remember(`${key}:nonce`, nonce);
  }

  const others = "BroadcastChannel" in window ? new BroadcastChannel(key) : null;

  const keep = () => remember(key, { items: wanted, base_rev: base, save_id: saveId, trail });

  /** Want other items than before, which they build on. */
  function want(items, id) {
    trail = [...trail, canonical(wanted)].slice(-TRAIL);
    wanted = items;
    saveId = id;
    keep();
  }

  function settle(answer) {
    clearTimeout(timer);
    saveId = null;
    trouble = false;
    trail = [];
    remember(key, null);
    show("saved", answer);
  }

  function adopt(current) {
    base = newest = current.rev;
    confirmed = wanted = current.items;
    apply(wanted);
    settle(current);
  }

  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(send, ms);
  }

  function retryLater(state, detail = {}) {
    trouble = true;
    atEase = false;
    show(state, detail);
    later(wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  async function send() {
    clearTimeout(timer);
    if (sending || stopped || saveId === null) return;
    sending = true;
    const id = saveId;
    const sent = wanted;
    let response;
    let answer;
    try {
      const body = { voter, base_rev: base, save_id: id, nonce, items: sent };
      [response, answer] = await sendJson("PUT", url, body);
    } catch {
      sending = false;
      retryLater(navigator.onLine ? "failed" : "offline");
      return;
    }
    sending = false;
    if (response.ok && answer.rev) accept(answer, id, sent);
    else await refuse(response, answer).catch(() => retryLater("failed"));
  }

  function accept(answer, id, sent) {
    wait = FIRST_WAIT;
    if (answer.rev < newest && saveId !== null && saveId !== id) {
      base = newest;
      send();
      return;
    }
    if (answer.rev < newest) {
      // An old save of ours, repeated; the page already shows something newer.
      base = newest;
      wanted = confirmed;
      apply(wanted);
      settle({});
      return;
    }
    base = newest = answer.rev;
    const { withdrawn = [] } = answer;
    confirmed = without(sent, withdrawn);
    if (withdrawn.length) {
      wanted = without(wanted, withdrawn);
      apply(wanted);
      show("withdrawn", answer);
    }
    others?.postMessage({ ...answer, items: confirmed, save_id: id });
    if (saveId === id || saveId === null) settle(answer);
    else {
      keep();
      send();
    }
  }

  async function refuse(response, answer) {
    const { status } = response;
    if (answer.error === "conflict") await reconcile(answer.current);
    else if (answer.error === "closed") {
      stopped = true;
      giveUp("closed", answer);
    } else if (answer.error === "paused") {
      // It will be taken, only not now: it stays here, and nobody is kept on the page.
      retryLater("paused", answer);
      atEase = true;
    } else if (isSignedOut(response)) {
      trouble = true;
      atEase = true;
      show("signed-out", answer);
    } else if (status === 413 || status === 422) giveUp("refused", answer);
    else retryLater("failed");
  }

  /** The server will never take this change: go back to what it has, and say so. */
  function giveUp(state, answer) {
    // Another device may have saved since.
    const current = answer.current ?? { items: confirmed };
    wanted = confirmed = current.items;
    settle(current);
    apply(wanted);
    show(state, answer);
  }

  async function reconcile(current) {
    if (same(current.items, wanted)) return adopt(current);
    // Ours builds on theirs: another tab of ours saved it, and we have not heard yet.
    const follows = trail.includes(canonical(current.items));
    if (!follows && (await choose(current, wanted)) === "theirs") return adopt(current);
    // The save keeps its id: nothing was stored under it, and other tabs wait for it.
    base = newest = current.rev;
    keep();
    return send();
  }

  function change(next) {
    if (stopped) return;
    const over = saveId;
    if (same(next, confirmed) && !sending && over === null) {
      wanted = next;
      settle({});
      return;
    }
    want(next, newId());
    others?.postMessage({ draft: wanted, save_id: saveId, over });
    show("saving");
    later(QUIET);
  }

  function retry() {
    if (saveId === null || sending) return;
    wait = FIRST_WAIT;
    show("saving");
    send();
  }

  function hear(data) {
    if (stopped) return;
    if (data.draft) {
      // Only if it was made from what we show; otherwise the server will ask.
      if (data.over !== saveId) return;
      want(data.draft, data.save_id);
      apply(wanted);
      show("saving");
      later(HEARD);
    } else if (data.save_id === saveId) adopt(data);
    else if (saveId === null && data.rev > newest) {
      adopt(data);
      show("updated", data);
    }
  }

  others?.addEventListener("message", ({ data }) => hear(data));
  addEventListener("online", retry);
  addEventListener("focus", () => trouble && retry());
  addEventListener("pagehide", () => send());
  addEventListener("beforeunload", (event) => trouble && !atEase && saveId !== null && event.preventDefault());
  // A page out of the back-forward cache shows an old ballot.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  function resume() {
    const kept = recall(key);
    if (!kept) return;
    if (readOnly === "paused") {
      if (!same(kept.items, items)) show("paused");
      return;
    }
    if (stopped || same(kept.items, items)) {
      remember(key, null);
      if (stopped && !same(kept.items, items)) show("too-late");
      return;
    }
    wanted = kept.items;
    trail = kept.trail ?? [];
    base = kept.base_rev;
    saveId = kept.save_id;
    if (base === rev) apply(wanted);
    show("saving");
    send();
  }

  queueMicrotask(resume); // the caller must hold the keeper before we call back
  return { change, retry, items: () => wanted, stopped: () => stopped };
}
