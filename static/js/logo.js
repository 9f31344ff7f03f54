// One logo: keys, undo and the ground, on top of the shortlist ballot.

import { openShortlist } from "./approvals.js";
import { openMarks } from "./marks.js";
import { recall, remember } from "./storage.js";

const form = document.querySelector("[data-ballot]");
const help = document.getElementById("keys");
const keysSwitch = document.querySelector("[data-keys-switch]");
const GROUND_KEY = "logovote:ground";
const KEYS_KEY = "logovote:keys";

const shortlist = openShortlist(form);
openMarks(form).seen(form.querySelector("[data-family]").dataset.family); // opened is seen
const star = form.querySelector(".act [data-tick]");

function wireGround() {
  const group = document.querySelector("[data-grounds]");
  const stage = document.querySelector("[data-stage]");
  const own = stage.classList.contains("ground-dark") ? "dark" : "light";
  const choose = (ground) => {
    for (const mark of document.querySelectorAll("[data-stage], .sizes .mark")) {
      mark.classList.toggle("ground-dark", ground === "dark");
      mark.classList.toggle("ground-light", ground === "light");
    }
    for (const button of group.children)
      button.setAttribute("aria-pressed", String(button.dataset.ground === ground));
  };
  group.addEventListener("click", (event) => {
    const ground = event.target.closest("button")?.dataset.ground;
    if (!ground) return;
    choose(ground);
    remember(GROUND_KEY, ground, "sessionStorage");
  });
  choose(recall(GROUND_KEY, "sessionStorage") ?? own);
}

const follow = (name) => document.querySelector(`[data-go="${name}"]`)?.click();

const keys = {
  ArrowLeft: () => follow("previous"),
  ArrowRight: () => follow("next"),
  Escape: () => follow("back"),
  p: () => shortlist.toggle(star, true),
  u: () => shortlist.toggle(star, false),
  z: () => shortlist.undo(),
  "?": () => help.showModal(),
};

// Single letters act only where nobody types, and never together with Ctrl, Alt or
// Cmd, which belong to the browser. They can be switched off (speech input says letters).
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (document.querySelector("dialog[open]") || recall(KEYS_KEY) === "off") return;
  const deed = keys[event.key] ?? keys[event.key.toLowerCase()];
  if (!deed) return;
  event.preventDefault();
  deed();
});

document.querySelector("[data-help]").addEventListener("click", () => help.showModal());
keysSwitch.checked = recall(KEYS_KEY) !== "off";
keysSwitch.addEventListener("change", () => remember(KEYS_KEY, keysSwitch.checked ? null : "off"));
wireGround();
