// The browser's storage may be full, or forbidden. Voting must go on without it.

export function recall(key, area = "localStorage") {
  try {
    return JSON.parse(window[area].getItem(key));
  } catch {
    return null;
  }
}

/** Keep `value`, or forget the key when it is null. */
export function remember(key, value, area = "localStorage") {
  try {
    if (value === null) window[area].removeItem(key);
    else window[area].setItem(key, JSON.stringify(value));
  } catch {
    /* see above */
  }
}
