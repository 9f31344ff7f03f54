// Every word that the scripts of one logo alone and of the lab show, and what pages of
// ballots fetch only when they need it: see voting.js.

import { clock } from "./voting.js";

export const where = (heading, position) => `${heading}, ${position}`;
export const noteKept = "Kept.";
export const noteSaved = "Saved.";
export const noteRefused = (why) => `Not kept. ${why}`;
export const notePaused = (pause) => `${pause} Your note is kept on this device until then.`;
export const noteSignedOut = "Signed out: kept on this device. Load the page again to sign in.";
export const noteOffline = "Offline: kept on this device.";
const sentence = (start, text) => `${start} ${text || "nothing"}.`;
export const theirs = (date, text) => sentence(`The other version, saved ${clock(date)}:`, text);
export const mine = (text) => sentence("Yours here:", text);
export const noneOfThese = "None of these";
export const starred = (count, extra) =>
  `${count} shortlisted${extra.length ? `, among them ${extra.join(", ")}, which the other has not` : ""}`;
export const ordered = (tiers) => tiers.map((tier) => tier.join(" = ")).join(", then ");
export const chosen = (count, most) =>
  count > most ? `${count} ticked: only the first ${most} will be compared.` : `${count} of at most ${most} ticked.`;
export const labOffline = "This view needs the network.";
export const oneByOne = "One by one";
export const continueAt = (number, total) => `Continue at logo ${number} of ${total}`;
