// Every word that scripts show, in one place, so that it can be translated. Words that
// do not change while the page is open stand in the templates instead.

const clock = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export const saving = "Saving…";
export const saved = (date) => `Saved ${clock(date)}`;
export const offline = "Offline: kept on this device";
export const failed = "Not saved yet: trying again";
export const retry = "Retry now";
export const signedOut = "Signed out: kept on this device, nothing is lost.";
export const signIn = "Sign in again";
export const closed = "The round closed before your last change arrived. You see the ballot that counts.";
export const tooLate = "A change kept on this device was not sent before the round closed. You see the ballot that counts.";
export const updated = "Updated from another tab";

export const theirs = (count, date) => `The other version has ${lines(count)}, saved ${clock(date)}.`;
export const mine = (count) => `Yours here has ${lines(count)}.`;
const lines = (count) => (count === 1 ? "1 line" : `${count} lines`);

export const capReached = (cap) => `You can shortlist ${cap} at most. Take one back first.`;

export const moved = (name, place, total) => `${name} is now ${place} of ${total}.`;
export const shares = (name, place) => `${name} now shares place ${place}.`;
export const alone = (name, place) => `${name} has place ${place} to itself.`;
export const takenOut = (name) => `${name} is not ranked any more.`;
export const atTheTop = (name) => `${name} is first already.`;
export const atTheEnd = (name) => `${name} is last already.`;
export const undone = "Taken back.";
