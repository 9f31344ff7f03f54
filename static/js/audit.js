// The audit page: counts bundles again and finds ballots, all in the reader's browser.

import * as messages from "./messages/working.js";
import { REPRODUCED, check, readBundle, receiptCode, tagOf } from "./recount.js";
import { recall } from "./storage.js";

const bundles = [...document.querySelectorAll("[data-bundle]")];
const element = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });

async function fetchBundle(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(String(response.status));
  return new Uint8Array(await response.arrayBuffer());
}

/** Tell each step as it is done, and what it comes to. */
async function recountHere(article) {
  const told = article.querySelector("[data-recount-told]");
  const list = element("ol", "recount-steps", "");
  told.replaceChildren(list);
  const tell = ({ step, ok, detail }) => {
    const line = element("li", `recount-step${ok ? "" : " recount-failed"}`, "");
    line.append(element("span", "", ok ? "✓" : "✗"), element("span", "", messages.recountStep(step, detail)));
    list.append(line);
  };
  try {
    const bytes = await fetchBundle(article.dataset.bundle);
    const { report } = await check(bytes, article.dataset.bundleHead, tell);
    article.dataset.recounted = report.status;
    told.append(element("p", report.exit === REPRODUCED ? "lead" : "lead recount-failed", messages.recounted(report)));
  } catch {
    told.append(element("p", "recount-failed", messages.noBundle));
  }
}

/** All lines of the rounds whose ballots are published, each with its round's article. */
async function* publishedLines() {
  for (const article of bundles.filter((each) => "hasBallots" in each.dataset)) {
    const files = await readBundle(await fetchBundle(article.dataset.bundle));
    const lines = JSON.parse(new TextDecoder().decode(files.get("ballots.json")));
    yield { article, lines };
  }
}

const nameOf = (article) => article.querySelector("h3").textContent;

async function findCode(code) {
  if (!/^[A-Z2-7]{16}$/.test(code)) return messages.noCode;
  for await (const { article, lines } of publishedLines()) {
    for (const line of lines) {
      if ((await receiptCode(line)) === code) return messages.ballotFound(nameOf(article), line.b, line.aside);
    }
  }
  return messages.ballotNotFound;
}

async function findTag(who, typed) {
  let tried = false;
  for await (const { article, lines } of publishedLines()) {
    const nonce = typed || recall(`logovote:${article.dataset.kept}:nonce`);
    if (!nonce) continue;
    tried = true;
    const tag = await tagOf(nonce, article.dataset.roundId, who);
    const found = lines.filter((line) => line.t === tag);
    if (found.length === 1) return messages.ballotProved(nameOf(article), found[0].b);
  }
  return tried ? messages.tagNotFound : messages.noNonce;
}

function answering(form, out, run) {
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    out.textContent = messages.looking;
    try {
      out.textContent = await run(new FormData(form));
    } catch (error) {
      out.textContent = error.tooLarge ? messages.largeBundle : messages.noBundle;
    }
  });
}

// Over plain http browsers have no cryptography: the script recount.py still works.
if (globalThis.crypto?.subtle) {
  for (const article of bundles) {
    const button = article.querySelector("[data-recount]");
    button.addEventListener("click", async () => {
      if (button.hasAttribute("aria-disabled")) return;
      // Not disabled: that would take the focus away.
      button.setAttribute("aria-disabled", "true");
      await recountHere(article);
      button.removeAttribute("aria-disabled");
    });
  }
  answering(document.querySelector("[data-find]"), document.querySelector("[data-found]"), (form) =>
    findCode(form.get("code").replace(/[\s-]/g, "").toUpperCase()),
  );
  answering(document.querySelector("[data-tag]"), document.querySelector("[data-proved]"), (form) =>
    findTag(form.get("who"), form.get("nonce").trim()),
  );
} else {
  for (const article of bundles) {
    article.querySelector("[data-recount]").hidden = true;
    article.querySelector("[data-recount-told]").textContent = messages.onlyOverHttps;
  }
  document.querySelector("[data-prove]")?.remove();
}
