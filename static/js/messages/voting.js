// Every word that the scripts of ballots show; looking.js has those of one logo alone and
// of the lab, working.js those of organisers' pages and of the check. A translation needs
// this folder and the templates, where words stand that do not change while the page is
// open; no other script may hold any.

export const clock = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export const saving = "Saving…";
export const saved = (date) => `Saved ${clock(date)}`;
export const offline = "Offline: kept on this device";
export const failed = "Not saved: kept on this device, trying again";
export const retry = "Retry now";
export const signedOut = "Signed out: kept on this device, nothing is lost.";
export const signIn = "Sign in again";
export const paused = (text = "This round is paused.") => `${text} Your last change is kept on this device until then.`;
export const tooLate = "A change kept on this device was not sent before the round closed. You see the ballot that counts.";
export const updated = "Updated from another tab";

export const moved = (name, place, total) => `${name} is now ${place} of ${total}.`;
export const shares = (name, place) => `${name} now shares place ${place}.`;
export const takenOut = (name) => `${name} is not ranked any more.`;
export const atTheTop = (name) => `${name} is first already.`;
export const atTheEnd = (name) => `${name} is last already.`;
const logos = (most) => (most === 1 ? "one logo" : `${most} logos`);
export const capReached = (most) => `You may shortlist ${logos(most)}, and you have. Take one back before you add another.`;
export const undone = "Taken back.";
export const starTaken = (entry) => `Logo ${entry} is off your shortlist.`;
export const setAside = (entry) => `Logo ${entry}: not for me.`;
export const keptAgain = (entry) => `Logo ${entry} is open again.`;
