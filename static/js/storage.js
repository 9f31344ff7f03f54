// The browser's storage may be full, or forbidden, as in pages that other programs show.
// Voting must go on without it: what it does not take is kept while the page is open.

const spare = new Map();

export function recall(key, area = "localStorage") {
  try {
    return JSON.parse(spare.get(key) ?? window[area].getItem(key));
  } catch {
    return null;
  }
}

/** Keep `value`, or forget the key when it is null. */
export function remember(key, value, area = "localStorage") {
  spare.delete(key);
  try {
    if (value === null) window[area].removeItem(key);
    else window[area].setItem(key, JSON.stringify(value));
  } catch {
    if (value !== null) spare.set(key, JSON.stringify(value));
  }
}
