// Every word that the scripts of one logo alone and of the lab show, and what the gallery
// fetches only when it needs it: see voting.js.

export const where = (heading, position) => `${heading}, ${position}`;
export const noteKept = "Kept.";
export const noteSaved = "Saved.";
export const noteRefused = (why) => `Not kept. ${why}`;
export const notePaused = (pause) => `${pause} Your note is kept on this device until then.`;
export const noteSignedOut = "Signed out: kept on this device. Load the page again to sign in.";
export const noteOffline = "Offline: kept on this device.";
export const chosen = (count, most) =>
  count > most ? `${count} ticked: only the first ${most} will be compared.` : `${count} of at most ${most} ticked.`;
export const labOffline = "This view needs the network.";
export const oneByOne = "One by one";
export const continueAt = (number, total) => `Continue at logo ${number} of ${total}`;
