// Keys for the duels: ← and → choose, space cannot decide. The page works without this
// file: every answer is a link, and the way back is the browser's.

const answers = {
  ArrowLeft: "[data-side=left]",
  ArrowRight: "[data-side=right]",
  " ": "[data-equal]",
};

let going = false; // one key, one answer, however long it is held

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select, button")) return;
  const link = answers[event.key] && document.querySelector(answers[event.key]);
  if (!link) return;
  event.preventDefault();
  if (going || event.repeat) return;
  going = true;
  link.click();
});

// A page that the way back brings up again takes an answer again.
addEventListener("pageshow", () => {
  going = false;
});
