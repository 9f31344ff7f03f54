// Every word that scripts show, in one place, so that it can be translated. Words that
// do not change while the page is open stand in the templates instead.

const clock = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export const saving = "Saving…";
export const saved = (date) => `Saved ${clock(date)}`;
export const offline = "Offline: kept on this device";
export const failed = "Not saved: kept on this device, trying again";
export const retry = "Retry now";
export const signedOut = "Signed out: kept on this device, nothing is lost.";
export const signIn = "Sign in again";
export const closed = "The round closed before your last change arrived. You see the ballot that counts.";
export const tooLate = "A change kept on this device was not sent before the round closed. You see the ballot that counts.";
export const updated = "Updated from another tab";

const sentence = (start, text) => `${start} ${text || "nothing"}.`;
export const theirs = (date, text) => sentence(`The other version, saved ${clock(date)}:`, text);
export const mine = (text) => sentence("Yours here:", text);
export const noneOfThese = "None of these";
export const starred = (count, extra) =>
  `${count} shortlisted${extra.length ? `, among them ${extra.join(", ")}, which the other has not` : ""}`;
export const ordered = (tiers) => tiers.map((tier) => tier.join(" = ")).join(", then ");

export const moved = (name, place, total) => `${name} is now ${place} of ${total}.`;
export const shares = (name, place) => `${name} now shares place ${place}.`;
export const alone = (name, place) => `${name} has place ${place} to itself.`;
export const takenOut = (name) => `${name} is not ranked any more.`;
export const atTheTop = (name) => `${name} is first already.`;
export const atTheEnd = (name) => `${name} is last already.`;
export const capReached = (most) => `You may shortlist ${most} logos, and you have. Take one back before you add another.`;
export const undone = "Taken back.";

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
export const files = (names, bytes) =>
  names.length === 1 ? `${names[0]}, ${megabytes(bytes)}` : `${names.length} files, ${megabytes(bytes)}`;
export const sent = (part) => `${Math.floor(part * 100)} % sent`;
export const received = "Received. Looking at the files…";
export const uploadFailed = "The upload did not arrive. Nothing was changed: try again.";

const minutes = (seconds) => Math.ceil(seconds / 60);
export const timeLeft = (seconds) =>
  seconds < 50 ? "less than a minute left" : `about ${minutes(seconds)} ${minutes(seconds) === 1 ? "minute" : "minutes"} left`;
export const serverAway = "No answer from the site. The work goes on when it is back.";

export const ticked = (number) => (number ? `${number} ticked` : "Tick designs, or drag them");
export const tickTwo = "Tick at least two designs that are one concept.";
export const tickOne = "Tick the designs that should stand alone.";
export const noProposal = "There is no proposal here to decide.";
export const nothingToUndo = "There is nothing to undo.";
export const notDone = "That did not work. Nothing was changed: load the page again.";
