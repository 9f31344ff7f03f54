// The service worker. Its only deed: where a page cannot be had, show the one that says
// so. PAGE and KEPT, its own addresses, are put before this text by web/offline.py.

const NAME = `logovote ${KEPT.join(" ")}`;

addEventListener("install", (event) => {
  // Without cookies: what is kept names nobody.
  const requests = KEPT.map((address) => new Request(address, { credentials: "omit" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(requests)));
  // A ballot on its way never waits until this worker is awake.
  const ways = ["POST", "PUT"].map((requestMethod) => ({ condition: { requestMethod }, source: "network" }));
  event.addRoutes?.(ways);
  skipWaiting();
});

async function tidy() {
  // The browser asks for a page while it still wakes this worker.
  await registration.navigationPreload?.enable();
  for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
  await clients.claim();
}

addEventListener("activate", (event) => event.waitUntil(tidy()));

async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return caches.match(PAGE);
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") {
    if (request.method === "GET") event.respondWith(page(event));
  } else if (KEPT.includes(new URL(request.url).pathname)) {
    event.respondWith(fetch(request).catch(() => caches.match(request)));
  }
});
