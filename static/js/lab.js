// Another way to look, without losing one's place: the server draws it, this puts the
// pictures in. Without script, the same links load the page.

import * as messages from "./messages/looking.js";

/** Follow a link of the lab in place; `document` hears "looked". */
async function look(link) {
  let page;
  try {
    const response = await fetch(link.href);
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    document.querySelector("[data-lab-says]").textContent = messages.labOffline;
    return;
  }
  for (const theirs of page.querySelectorAll("[data-family]")) {
    const ours = document.getElementById(theirs.id);
    if (!ours) continue;
    for (const selector of [":scope > .mark", ":scope > .lab-note", ":scope > [data-stage] > *"]) {
      const [before, after] = [ours, theirs].map((card) => Array.from(card.querySelectorAll(selector)));
      if (before.length) before[0].before(...after);
      else if (after.length) ours.querySelector(":scope > .card-line").after(...after);
      for (const element of before) element.remove();
    }
  }
  const says = page.querySelector("[data-lab-says]");
  if (!says) {
    location.assign(link.href);
    return;
  }
  document.querySelector("[data-lab-says]").textContent = says.textContent;
  for (const each of document.querySelectorAll("[data-lab]")) {
    if (each.dataset.lab === link.dataset.lab) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
  }
  const kept = document.querySelector("[data-ballot] [name=lab]");
  if (kept) kept.value = link.dataset.lab;
  history.replaceState(null, "", link.href);
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-lab]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  await look(link);
  document.dispatchEvent(new Event("looked"));
});

const said = document.querySelector("[data-chosen]");
if (said) {
  document.addEventListener("change", () => {
    const count = document.querySelectorAll("[name=ids]:checked").length;
    said.textContent = messages.chosen(count, Number(said.dataset.mostCompared));
  });
}
