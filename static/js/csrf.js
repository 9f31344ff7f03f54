// Sends changes with the token that each must carry. It lives in the page, and may be
// replaced by signing in again in another tab.

const TOO_SLOW = 15000;

export const find = (root) => root.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Whether a request was refused because nobody is signed in, or not who was. */
export const isSignedOut = ({ status, redirected }) => redirected || [400, 401, 403].includes(status);

/** Send JSON, once more if the token was old; returns the response and what it says. */
export async function send(method, url, body, isFirst = true) {
  const response = await fetch(url, {
    method,
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": find(document) },
    body: JSON.stringify(body),
    keepalive: true, // finishes even if the voter goes to another page
    // Older browsers, such as those of phones that get no other, wait as long as it takes.
    signal: AbortSignal.timeout?.(TOO_SLOW),
  });
  if (response.status === 400 && isFirst && (await (await import("./token.js")).renew())) return send(method, url, body, false);
  // A gateway in trouble, or the sign-in page, answers in HTML.
  const isJson = response.headers.get("Content-Type")?.includes("json");
  return [response, isJson ? await response.json() : {}];
}
