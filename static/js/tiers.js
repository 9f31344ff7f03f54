// A ranking as a flat list of lines, `{ id, tied }`: best first, `tied` meaning "shares
// the place of the line above". Pure functions; each returns a new list.

export const fromItems = (items) =>
  items.flatMap((tier) => tier.map((id, i) => ({ id, tied: i > 0 })));

export function toItems(lines) {
  const tiers = [];
  for (const { id, tied } of lines) {
    if (tied) tiers.at(-1).push(id);
    else tiers.push([id]);
  }
  return tiers;
}

const inserted = (lines, i, line) => [...lines.slice(0, i), line, ...lines.slice(i)];

export const indexOf = (lines, id) => lines.findIndex((line) => line.id === id);

/** Where the tier of line `i` begins. */
function head(lines, i) {
  while (lines[i].tied) i -= 1;
  return i;
}

/** One past where the tier of line `i` ends. */
function end(lines, i) {
  do i += 1;
  while (lines[i]?.tied);
  return i;
}

/** Places as in sport: after two that share place 2 comes 4. */
export const placeOf = (lines, i) => head(lines, i) + 1;

export const isShared = (lines, i) => end(lines, i) - head(lines, i) > 1;

export function remove(lines, id) {
  const i = indexOf(lines, id);
  if (i < 0) return lines;
  const left = lines.filter((line) => line.id !== id);
  // The next in its tier inherits the place.
  if (!lines[i].tied && left[i]) left[i] = { ...left[i], tied: false };
  return left;
}

/** Put `id` at position `i` (0 = first). Between lines that share a place it joins them. */
export function moveTo(lines, id, i) {
  const left = remove(lines, id);
  return inserted(left, i, { id, tied: Boolean(left[i]?.tied) });
}

/** Give `id` the typed `place`; what stood there moves down, and ties stay whole. */
export function moveToPlace(lines, id, place) {
  const left = remove(lines, id);
  let i = Math.min(place, left.length + 1) - 1;
  while (left[i]?.tied) i += 1;
  return inserted(left, i, { id, tied: false });
}

/** One step: out of a shared place first, then past the whole place above or below. */
export function moveUp(lines, id) {
  const i = indexOf(lines, id);
  if (isShared(lines, i)) return separate(lines, id, head(lines, i));
  return i === 0 ? lines : moveTo(lines, id, head(lines, i - 1));
}

export function moveDown(lines, id) {
  const i = indexOf(lines, id);
  if (isShared(lines, i)) return separate(lines, id, end(lines, i) - 1);
  return i === lines.length - 1 ? lines : moveTo(lines, id, end(lines, i + 1) - 1);
}

/** Take `id` out of its tier, to stand alone at position `i` before or after the rest. */
function separate(lines, id, i) {
  return inserted(remove(lines, id), i, { id, tied: false });
}

export function setTied(lines, id, tied) {
  return lines.map((line, i) => (line.id === id && i > 0 ? { id, tied } : line));
}
