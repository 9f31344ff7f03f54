// The token that every change carries. It lives in the page, and may be replaced by
// signing in again in another tab.

const find = (root) => root.querySelector('meta[name="csrf-token"]')?.content ?? "";

export const token = () => find(document);

/** Fetch a fresh token; false when there is none, because nobody is signed in. */
export async function renewToken() {
  try {
    const page = await fetch(location.href);
    const fresh = find(new DOMParser().parseFromString(await page.text(), "text/html"));
    if (fresh) document.querySelector('meta[name="csrf-token"]').content = fresh;
    return Boolean(fresh);
  } catch {
    return false;
  }
}
