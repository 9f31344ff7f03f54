// Follows a long job: asks for its state every second and shows it. Safe to leave: the
// job runs on. Without this file the page says how far it was when it was loaded.
//
//   <div class="progress" data-job="/address/of/state"> progress, [data-progress-text]
//   answer: {"done": 34, "total": 211, "text": "…", "finished": false}

const INTERVAL = 1000;
const PATIENCE = 5000;

async function follow(box) {
  const bar = box.querySelector("progress");
  const line = box.querySelector("[data-progress-text]");
  try {
    const response = await fetch(box.dataset.job, { headers: { Accept: "application/json" } });
    const { done, total, text, finished } = await response.json();
    bar.max = total || 1;
    bar.value = done;
    if (line.textContent !== text) line.textContent = text;
    if (finished) location.reload();
    else setTimeout(follow, INTERVAL, box);
  } catch {
    setTimeout(follow, PATIENCE, box);
  }
}

for (const box of document.querySelectorAll("[data-job]")) follow(box);
