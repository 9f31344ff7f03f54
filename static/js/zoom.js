// Zoom and pan: buttons, two fingers, a double tap, Ctrl and the wheel. Several stages
// move as one.

const MOST = 8;
const STEP = 1.5;
const DOUBLE = 2.5;
const TAP = 300; // ms between the taps of a double tap
const SWIPE = 60; // px
const STRIDE = 60; // px
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * Zoom what `stages()` returns; the buttons are `[data-zoom=in|out|reset]`.
 *
 * `onSwipe(1 | -1)` hears of a finger's way across a picture that is not zoomed: to the
 * next, or to the previous one. Returns `{ zoom(factor), reset() }`.
 */
export function openZoom(stages, onSwipe = () => {}) {
  const level = document.querySelector("[data-zoom-level]");
  const fingers = new Map();
  let scale = 1;
  let x = 0;
  let y = 0;
  let lastTap = { time: 0 };
  let start = null;

  function paint() {
    for (const stage of stages()) {
      const image = stage.querySelector("img");
      const roomX = (stage.clientWidth * (scale - 1)) / 2;
      const roomY = (stage.clientHeight * (scale - 1)) / 2;
      x = Math.max(-roomX, Math.min(roomX, x));
      y = Math.max(-roomY, Math.min(roomY, y));
      image.style.transform = scale === 1 ? "" : `translate(${x}px, ${y}px) scale(${scale})`;
      stage.toggleAttribute("data-zoomed", scale > 1);
      stage.tabIndex = scale > 1 ? 0 : -1;
    }
    if (level) level.textContent = `${Math.round(scale * 100)} %`;
  }

  /** Zoom, and keep the spot that is `dx`, `dy` px from the middle where it is. */
  function zoom(factor, dx = 0, dy = 0) {
    const next = Math.max(1, Math.min(MOST, scale * factor));
    x = dx - ((dx - x) * next) / scale;
    y = dy - ((dy - y) * next) / scale;
    scale = next;
    paint();
  }

  function reset() {
    scale = 1;
    x = y = 0;
    paint();
  }

  function fromMiddle(stage, { clientX, clientY }) {
    const box = stage.getBoundingClientRect();
    return [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
  }

  const between = () => {
    const [a, b] = [...fingers.values()];
    return {
      apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
      clientX: (a.clientX + b.clientX) / 2,
      clientY: (a.clientY + b.clientY) / 2,
    };
  };

  const stageAt = (event) => event.target.closest?.("[data-stage]");

  document.addEventListener("pointerdown", (event) => {
    const stage = stageAt(event);
    if (!stage || event.button) return;
    fingers.set(event.pointerId, event);
    start = fingers.size === 1 ? event : null;
    if (scale > 1) stage.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const stage = stageAt(before);
    if (fingers.size === 2) {
      const old = between();
      fingers.set(event.pointerId, event);
      const now = between();
      x += now.clientX - old.clientX;
      y += now.clientY - old.clientY;
      zoom(now.apart / old.apart, ...fromMiddle(stage, now));
    } else {
      fingers.set(event.pointerId, event);
      if (scale === 1) return;
      x += event.clientX - before.clientX;
      y += event.clientY - before.clientY;
      paint();
    }
  });

  function lift(event) {
    if (!fingers.delete(event.pointerId) || event.type === "pointercancel" || !start) return;
    const [dx, dy] = [event.clientX - start.clientX, event.clientY - start.clientY];
    if (scale === 1 && event.pointerType === "touch" && Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) {
      onSwipe(dx < 0 ? 1 : -1);
      return;
    }
    if (Math.hypot(dx, dy) > 10) return;
    if (event.timeStamp - lastTap.time < TAP) {
      if (scale > 1) reset();
      else zoom(DOUBLE, ...fromMiddle(stageAt(start), event));
      lastTap = { time: 0 };
    } else lastTap = { time: event.timeStamp };
  }

  document.addEventListener("pointerup", lift);
  document.addEventListener("pointercancel", lift);

  document.addEventListener(
    "wheel",
    (event) => {
      const stage = stageAt(event);
      if (!stage || !event.ctrlKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 200), ...fromMiddle(stage, event));
    },
    { passive: false },
  );

  // What a finger drags, arrow keys move, where the focus is on it.
  document.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (!way || !event.target.matches("[data-zoomed]")) return;
    event.preventDefault();
    x += way[0] * STRIDE;
    y += way[1] * STRIDE;
    paint();
  });

  document.addEventListener("click", (event) => {
    const way = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (way === "reset") reset();
    else if (way) zoom(way === "in" ? STEP : 1 / STEP);
  });

  return { zoom, reset, larger: () => zoom(STEP), smaller: () => zoom(1 / STEP) };
}
