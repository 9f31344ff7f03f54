// Joins a ballot's form to the keeper in save.js: status line and receipt.

import * as messages from "./messages/voting.js";
import { keepBallot } from "./save.js";
import { timeElement } from "./time.js";

function showReceipt({ code, saved_at: savedAt, event_head: head }) {
  const receipt = document.querySelector("[data-receipt]");
  if (!receipt || !code) return;
  receipt.hidden = false;
  receipt.querySelector("[data-receipt-code]").textContent = code;
  if (head) receipt.querySelector("[data-receipt-head]").textContent = head;
  receipt.querySelector("[data-receipt-time]").replaceChildren(timeElement(new Date(savedAt)));
}

/**
 * Keep the ballot of `form`. `apply(items)` paints what did not come from this page;
 * `outline(messages, items, other)` says in their words what tells one version from another.
 *
 * Returns the keeper with `say(text)`, read out with the next state of saving, and
 * `note(text)`, shown by itself.
 */
export function openBallot(form, apply, outline) {
  const line = document.querySelector("[data-save-status]");
  let said = ""; // what the voter just did, read out together with how it was kept
  let keeper = null;

  function write(state, text, action) {
    const held = line.contains(document.activeElement);
    line.dataset.state = state;
    line.textContent = `${said} ${text}`.trim();
    if (action) {
      const element = document.createElement(action.href ? "a" : "button");
      Object.assign(element, action);
      if (!action.href) element.type = "button";
      element.className = "button button-bare";
      line.append(" ", element);
    }
    if (!held) return;
    // The button that had the focus is gone; who pressed it stays here.
    line.tabIndex = -1;
    (line.lastElementChild ?? line).focus({ preventScroll: true });
  }

  const lastSaved = new Date(line.querySelector("time")?.dateTime ?? NaN);
  const today = lastSaved.toDateString() === new Date().toDateString();
  if (today && !("readonly" in form.dataset)) write("saved", messages.saved(lastSaved));

  function show(state, detail = {}) {
    // A page that came in a pause sends nothing: it may be over by now.
    const retry = () => (keeper.stopped() ? location.reload() : keeper.retry());
    const again = { textContent: messages.retry, onclick: retry };
    if (state === "saving") write(state, messages.saving);
    else if (state === "saved") {
      write(state, messages.saved(detail.saved_at ? new Date(detail.saved_at) : new Date()));
      showReceipt(detail);
      said = "";
    } else if (state === "withdrawn") said = detail.message;
    else if (state === "updated") write(state, messages.updated);
    else if (state === "offline") write(state, messages.offline, again);
    else if (state === "failed") write(state, messages.failed, again);
    else if (state === "paused") write(state, messages.paused(detail.message), again);
    else if (detail.error === "other-voter") write(state, detail.message);
    else if (state === "signed-out")
      write(state, messages.signedOut, { textContent: messages.signIn, href: location.pathname + location.search });
    else {
      said = "";
      if (state === "closed" || state === "too-late") form.dataset.readonly = "closed";
      write(state, detail.message ?? messages.tooLate);
    }
  }

  keeper = keepBallot({
    url: form.action,
    voter: form.dataset.voter,
    key: `logovote:${form.dataset.voter}:${new URL(form.action).pathname}`,
    rev: Number(form.dataset.rev),
    items: JSON.parse(form.dataset.items),
    readOnly: form.dataset.readonly,
    apply,
    show,
    // Fetched by the few who meet it.
    choose: async (current, mine) => (await import("./conflict.js")).ask(current, mine, outline),
  });
  form.dataset.ready = "";
  // Whoever has a ballot here shall find words, not a dinosaur, without a network.
  addEventListener("load", () => navigator.serviceWorker?.register("/offline-worker.js"));

  return {
    ...keeper,
    say(text) {
      said = text;
    },
    note(text) {
      said = "";
      write("note", text);
    },
  };
}
