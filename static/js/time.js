// Rewrites the server's UTC times into the reader's own zone, with the zone's name.
// The original stays in the title. Without this file the UTC text is correct too.

const full = new Intl.DateTimeFormat([], {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});

export function timeElement(date) {
  const element = document.createElement("time");
  element.dateTime = date.toISOString();
  element.textContent = full.format(date);
  return element;
}

for (const element of document.querySelectorAll("time[data-local]")) {
  const date = new Date(element.dateTime);
  if (Number.isNaN(date.getTime())) continue;
  element.title = element.textContent.trim();
  element.textContent = full.format(date);
}
