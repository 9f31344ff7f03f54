// Finds designs on a page by number or designer, while one types.
//
//   <input data-find> … <li data-tile="57" data-designer="Kaya"> … <p data-find-nothing>

/** Filter the tiles of `scope` by what its field says. */
export function find(scope) {
  const field = scope.querySelector("[data-find]");
  if (!field) return;
  const wanted = field.value.trim().toLowerCase().replace(/^#/, "");
  const isNumber = /^\d+$/.test(wanted);
  const lists = scope.querySelector("[data-alone]") ?? scope;
  let shown = 0;
  for (const tile of lists.querySelectorAll("[data-tile]")) {
    const { tile: number, designer } = tile.dataset;
    tile.hidden = !(isNumber ? number.startsWith(wanted) : designer.toLowerCase().includes(wanted));
    shown += !tile.hidden;
  }
  scope.querySelector("[data-find-nothing]").hidden = shown > 0;
}

document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-find]");
  if (field) find(field.closest("[data-families]") ?? document.querySelector("main"));
});
