// A form that sends files, with a progress bar. Without this file it is an ordinary
// form: the file field lies over the whole drop zone, so dropping works there too.
//
//   <form method="post" enctype="multipart/form-data" data-upload> … .drop … .progress

import * as messages from "./messages/working.js";

const paths = new WeakMap(); // of the files of a form that took folders

function showNames(form, files) {
  form.querySelector("[data-file-names]").textContent = messages.files(
    Array.from(files, (file) => file.name),
    Array.from(files).reduce((sum, file) => sum + file.size, 0),
  );
}

// A browser hands a dropped folder over as one thing that it then cannot send. What is in
// it is sent instead, each file with its path.
async function filesBelow(entry) {
  if (entry.isFile) {
    const file = await new Promise((found, lost) => entry.file(found, lost));
    return [{ file, path: entry.fullPath.slice(1) }];
  }
  const reader = entry.createReader();
  const entries = [];
  for (let some; (some = await new Promise((found, lost) => reader.readEntries(found, lost))).length; )
    entries.push(...some); // a hundred at a time
  return (await Promise.all(entries.map(filesBelow))).flat();
}

async function takeFolders(form, field, entries) {
  const found = (await Promise.all(entries.map(filesBelow))).flat();
  const all = new DataTransfer();
  for (const { file } of found) all.items.add(file);
  field.files = all.files;
  paths.set(form, found.map(({ path }) => path));
  showNames(form, field.files);
}

function dataOf(form, submitter) {
  const data = new FormData(form, submitter);
  if (paths.has(form)) {
    const files = data.getAll("files");
    data.delete("files");
    files.forEach((file, at) => data.append("files", file, paths.get(form)[at]));
  }
  return data;
}

function send(form, submitter) {
  const box = form.querySelector("[data-progress]");
  const bar = box.querySelector("progress");
  const line = box.querySelector("[data-progress-text]");
  const request = new XMLHttpRequest(); // fetch tells nothing about what has been sent

  const fail = (text) => {
    line.textContent = text;
    submitter?.removeAttribute("aria-disabled");
    delete form.dataset.sending;
  };

  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.max = total;
    bar.value = loaded;
    line.textContent = loaded < total ? messages.sent(loaded / total) : messages.received;
  });
  request.addEventListener("load", () => {
    // Show what the server answered, at the address it sent us to.
    if (request.status < 400 && request.responseURL !== form.action) location.assign(request.responseURL);
    else if (request.status < 400) location.reload();
    else {
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      fail(page.querySelector("main .lead, .error-summary li")?.textContent.trim() || messages.uploadFailed);
    }
  });
  request.addEventListener("error", () => fail(messages.uploadFailed));

  box.hidden = false;
  form.dataset.sending = "";
  submitter?.setAttribute("aria-disabled", "true");
  request.open("POST", form.action);
  request.send(dataOf(form, submitter));
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const field = form.querySelector("input[type=file]");
  const zone = form.querySelector(".drop");
  field.addEventListener("change", () => {
    paths.delete(form);
    showNames(form, field.files);
  });
  zone.addEventListener("drop", (event) => {
    const entries = Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry()).filter(Boolean);
    if (!entries.some((entry) => entry.isDirectory)) return; // the field takes them itself
    event.preventDefault();
    takeFolders(form, field, entries).catch(() => {
      form.querySelector("[data-file-names]").textContent = messages.folderUnread;
    });
  });
  zone.addEventListener("dragenter", () => zone.setAttribute("data-over", ""));
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.removeAttribute("data-over"));
  form.addEventListener("submit", (event) => {
    if (!field.files.length) return; // the server says what is missing
    event.preventDefault();
    if (!("sending" in form.dataset)) send(form, event.submitter);
  });
}
