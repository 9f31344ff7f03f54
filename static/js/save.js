// Keeps one ballot safe: paints at once elsewhere, saves here.
//
// The whole list of items is sent each time, so nothing depends on the order in which
// requests arrive. `base_rev` lets the server notice that another tab or device was
// faster; `save_id` lets it recognise a repeated attempt whose answer was lost. What the
// server has not confirmed is in localStorage and is sent again when the page is next
// opened, so a closed tab or a dead network loses nothing.

import { renewToken, token } from "./csrf.js";
import { recall, remember } from "./storage.js";

const QUIET = 250; // ms of rest before a change is sent
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;
const TOO_SLOW = 15000;

const hex = (bytes) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, "0")).join("");

// crypto.randomUUID exists only over https; an evening on the LAN may have none.
const newId = () =>
  hex(16).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-a$4-$5");

// Neither the order of approvals nor that of lines sharing a place means anything.
const canonical = (items) =>
  JSON.stringify(Array.isArray(items[0]) ? items.map((tier) => [...tier].sort()) : [...items].sort());

export const same = (a, b) => canonical(a) === canonical(b);

/**
 * Start keeping a ballot; returns `{ change, retry, items }`.
 *
 * options.url, .voter, .key, .rev, .items, .readOnly: the ballot as the page was served.
 * options.apply(items): paint items that did not come from this page.
 * options.show(state, detail): say how things are; states: saving, saved, offline,
 *   failed, signed-out, closed, too-late, refused, updated.
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
  let stopped = readOnly;
  let timer = 0;
  let wait = FIRST_WAIT;

  let nonce = recall(`${key}:nonce`);
  if (!nonce) {
    nonce = hex(16);
    remember(`${key}:nonce`, nonce);
  }

  const others = "BroadcastChannel" in window ? new BroadcastChannel(key) : null;

  const keep = () => remember(key, { items: wanted, base_rev: base, save_id: saveId });

  function settle(answer) {
    saveId = null;
    trouble = false;
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

  function retryLater(state) {
    trouble = true;
    show(state);
    later(wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  async function send(freshToken = false) {
    clearTimeout(timer);
    if (sending || stopped || saveId === null) return;
    sending = true;
    const id = saveId;
    const sent = wanted;
    let response;
    let answer;
    try {
      response = await fetch(url, {
        method: "PUT",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({ voter, base_rev: base, save_id: id, nonce, items: sent }),
        keepalive: true, // finishes even if the voter goes to another page
        signal: AbortSignal.timeout(TOO_SLOW),
      });
      // A gateway in trouble, or the sign-in page, answers in HTML.
      answer = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
    } catch {
      sending = false;
      retryLater(navigator.onLine ? "failed" : "offline");
      return;
    }
    sending = false;
    if (response.ok && answer.rev) accept(answer, id, sent);
    else await refuse(response, answer, freshToken);
  }

  function accept(answer, id, sent) {
    wait = FIRST_WAIT;
    if (answer.rev < newest) {
      // An old save of ours, repeated; the page already shows something newer.
      base = newest;
      wanted = confirmed;
      apply(wanted);
      settle({});
      return;
    }
    base = newest = answer.rev;
    confirmed = sent;
    others?.postMessage({ ...answer, items: sent });
    if (saveId === id) settle(answer);
    else {
      keep();
      send();
    }
  }

  async function refuse(response, answer, freshToken) {
    const { status } = response;
    if (answer.error === "conflict") await reconcile(answer.current);
    else if (answer.error === "closed") {
      stopped = true;
      giveUp("closed", answer);
    } else if (status === 400 && !freshToken && (await renewToken())) await send(true);
    else if (status === 400 || status === 401 || status === 403 || response.redirected) {
      trouble = true;
      show("signed-out", answer);
    } else if (status === 413 || status === 422) giveUp("refused", answer);
    else retryLater("failed");
  }

  /** The server will never take this change: go back to what it has, and say so. */
  function giveUp(state, answer) {
    wanted = confirmed;
    settle({});
    apply(wanted);
    show(state, answer);
  }

  async function reconcile(current) {
    if (same(current.items, wanted) || (await choose(current, wanted)) === "theirs") {
      adopt(current);
      return;
    }
    base = newest = current.rev;
    saveId = newId();
    keep();
    await send();
  }

  function change(next) {
    if (stopped) return;
    wanted = next;
    if (same(wanted, confirmed) && !sending) {
      clearTimeout(timer);
      settle({});
      return;
    }
    saveId = newId();
    keep();
    show("saving");
    later(QUIET);
  }

  function retry() {
    if (saveId === null || sending) return;
    wait = FIRST_WAIT;
    show("saving");
    send();
  }

  others?.addEventListener("message", ({ data }) => {
    if (stopped || saveId !== null || data.rev <= newest) return;
    adopt(data);
    show("updated", data);
  });
  addEventListener("online", retry);
  addEventListener("focus", () => trouble && retry());
  addEventListener("pagehide", () => send());
  addEventListener("beforeunload", (event) => trouble && saveId !== null && event.preventDefault());
  // A page out of the back-forward cache shows an old ballot.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  function resume() {
    const kept = recall(key);
    if (!kept) return;
    if (stopped || same(kept.items, items)) {
      remember(key, null);
      if (stopped && !same(kept.items, items)) show("too-late");
      return;
    }
    wanted = kept.items;
    base = kept.base_rev;
    saveId = kept.save_id;
    if (base === rev) apply(wanted);
    show("saving");
    send();
  }

  queueMicrotask(resume); // the caller must hold the keeper before we call back
  return { change, retry, items: () => wanted, stopped: () => stopped };
}
