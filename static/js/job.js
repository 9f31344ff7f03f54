// Follows a long job: asks for its state every second and shows it. Safe to leave: the
// job runs on. Without this file the page says how far it was when it was loaded.
//
//   <div class="progress" data-job="/address/of/state"> progress, [data-progress-text],
//   [data-progress-left]; answer: {"done": 34, "total": 211, "text": "…", "finished": false}

import * as messages from "./messages/working.js";

const INTERVAL = 1000;
const PATIENCE = 5000;
// A guess from the first few files would jump about.
const SETTLED = 5;

/** How long it will take, by the pace since this page was opened. */
function left(start, done, total) {
  const gone = done - start.done;
  if (gone < SETTLED || done >= total) return "";
  return messages.timeLeft((((Date.now() - start.at) / gone) * (total - done)) / 1000);
}

async function follow(box, start) {
  const bar = box.querySelector("progress");
  const line = box.querySelector("[data-progress-text]");
  const rest = box.querySelector("[data-progress-left]");
  try {
    const response = await fetch(box.dataset.job, { headers: { Accept: "application/json" } });
    if (response.status === 401) {
      location.reload(); // signed out: the page itself asks to sign in, and is come back to
      return;
    }
    const { done, total, text, finished } = await response.json();
    bar.max = total || 1;
    bar.value = done;
    if (line.textContent !== text) line.textContent = text;
    if (rest) rest.textContent = left(start ?? { at: Date.now(), done }, done, total);
    if (finished) location.reload();
    else setTimeout(follow, INTERVAL, box, start ?? { at: Date.now(), done });
  } catch {
    // The server is away: it takes the job up again when it is back, and so do we.
    if (rest) rest.textContent = messages.serverAway;
    setTimeout(follow, PATIENCE, box, null);
  }
}

for (const box of document.querySelectorAll("[data-job]")) follow(box, null);
