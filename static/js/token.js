// Fetches the page's token anew, for the few who have signed in again in another tab.

import { find } from "./csrf.js";

/** Put a fresh token into the page; false when nobody is signed in, so there is none. */
export async function renew() {
  try {
    const page = await fetch(location.href);
    const fresh = find(new DOMParser().parseFromString(await page.text(), "text/html"));
    if (fresh) document.querySelector('meta[name="csrf-token"]').content = fresh;
    return Boolean(fresh);
  } catch {
    return false;
  }
}
