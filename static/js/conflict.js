// Asks which of two versions of a ballot shall count, once there are two.

import * as messages from "./messages/looking.js";

const dialog = document.getElementById("conflict");

/** Promise of "theirs" or "mine"; `outline` says what tells one from the other. */
export function ask(current, mine, outline) {
  dialog.querySelector("[data-conflict-theirs]").textContent =
    messages.theirs(new Date(current.saved_at), outline(messages, current.items, mine));
  dialog.querySelector("[data-conflict-mine]").textContent = messages.mine(outline(messages, mine, current.items));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    // Esc is no answer, and there is no third one: ask again.
    dialog.onclose = () => {
      if (dialog.returnValue) resolve(dialog.returnValue);
      else dialog.showModal();
    };
  });
}
