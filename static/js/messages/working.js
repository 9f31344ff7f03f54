// Every word that the scripts of organisers' pages and of the check show: see voting.js.

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
export const files = (names, bytes) =>
  names.length === 1 ? `${names[0]}, ${megabytes(bytes)}` : `${names.length} files, ${megabytes(bytes)}`;
export const sent = (part) => `${Math.floor(part * 100)} % sent`;
export const received = "Received. Looking at the files…";
export const folderUnread = "This folder cannot be read. Pack it as a zip, and drop that here.";
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
const steps = {
  read: "The file",
  log: "The log",
  manifest: "The list of files",
  opening: "The opening",
  replay: "What happened since",
  ballots: "The ballots",
  beacon: "The public draw",
  result: "The count",
  head: "The published head",
};
export const recountStep = (step, detail) => `${steps[step]}: ${detail}${detail.endsWith("…") ? "" : "."}`;
export const recounted = ({ exit, status }) =>
  exit === 0
    ? "Reproduced: your browser counted the same exact numbers. The head is this page's own: compare it with one that you wrote down."
    : exit === 4
      ? "As far as sums go, it fits: the order itself cannot be counted from this bundle."
      : status === "too large"
        ? "Not counted: the bundle is too large for a browser. Download it and recount.py, and count it with them."
        : "Not reproduced: something does not fit. Show this to others.";
export const noBundle = "The bundle could not be loaded. Try again.";
export const largeBundle = "A bundle is too large for a browser to look through. With JavaScript switched off, this page has the site look for a code.";
export const onlyOverHttps = "Your browser can only count again over https. The script recount.py works anyway.";
export const looking = "Looking…";
const says = (ballot) =>
  ballot.length === 1 && ballot[0] === "none"
    ? "none of these"
    : ballot.map((item) => (Array.isArray(item) ? item.join(" = ") : item)).join(Array.isArray(ballot[0]) ? ", then " : ", ");
export const noCode = "A receipt code has 16 letters and digits, such as L7OVHG4JHLI7M6AG.";
export const ballotFound = (round, ballot, aside) =>
  aside
    ? `Found: this ballot was in the box. It was set aside before the count, as the log says. ${round}: ${says(ballot)}.`
    : `Found: this ballot is in the counted set. ${round}: ${says(ballot)}.`;
export const ballotProved = (round, ballot) => `Found, and yours alone. ${round}: ${says(ballot)}.`;
export const ballotNotFound =
  "No counted ballot has this code. If you changed your ballot, only the last code counts. If it was the last, tell the organiser, and show your receipt.";
export const tagNotFound =
  "No counted ballot has this tag. Check the address; the number must be from the device where you first saved.";
export const noNonce = "This device keeps no number of yours. Use the device where you first saved, or type the number.";
